import { expect } from 'chai';
import type { ApiClient, EventReader, WireEvent } from './api-client.ts';
import { dripping, FakeUpstream } from './fake-upstream.ts';
import { type FleetOptions, ThreeNodes } from './three-nodes.ts';
import { createUpstreamChat, UPSTREAM_MODEL_ID } from './upstream-server.ts';

/** Time between two words of the model unless a test says otherwise, in milliseconds. */
const WORD_EVERY_MS = 50;

/** What a test says of its scenes. */
export interface SceneOptions extends FleetOptions {
  readonly wordEveryMs?: number;
}

/** Three nodes whose second model says a word every few milliseconds until it is let go of, and people who ask it. */
export class FleetScenes {
  readonly fleet: ThreeNodes;
  readonly upstream: FakeUpstream;
  /** Somebody with credit. */
  readonly user: ApiClient;
  readonly admin: ApiClient;

  private constructor(fleet: ThreeNodes, upstream: FakeUpstream, user: ApiClient, admin: ApiClient) {
    this.fleet = fleet;
    this.upstream = upstream;
    this.user = user;
    this.admin = admin;
  }

  static async begin({
    flags = [],
    wordEveryMs = WORD_EVERY_MS,
    ...options
  }: SceneOptions = {}): Promise<FleetScenes> {
    const upstream = await FakeUpstream.start(dripping('word ', wordEveryMs));
    const model = ['--model-url', upstream.url, '--model-id', UPSTREAM_MODEL_ID, '--model-price', '1'];
    let fleet: ThreeNodes | undefined;
    try {
      fleet = await ThreeNodes.start({ ...options, flags: [...model, ...flags] });
      return await FleetScenes.#peopled(fleet, upstream);
    } catch (error) {
      await fleet?.dispose();
      await upstream.stop();
      throw error;
    }
  }

  static async #peopled(fleet: ThreeNodes, upstream: FakeUpstream): Promise<FleetScenes> {
    await Promise.all([fleet.createUser('ann'), fleet.createUser('root', 'admin')]);
    await fleet.grant('ann', '100');
    const [user, admin] = await Promise.all([fleet.login('ann'), fleet.login('root')]);
    return new FleetScenes(fleet, upstream, user, admin);
  }

  async end(): Promise<void> {
    await this.fleet.dispose();
    await this.upstream.stop();
  }

  /** The user by the port of one node. */
  at(place: number): ApiClient {
    return this.fleet.client(this.user.token, place);
  }

  /** A stream that one node drives and that has begun to speak. */
  async running(place: number): Promise<{ readonly chat: string; readonly reader: EventReader }> {
    const chat = await createUpstreamChat(this.at(place));
    const reader = await this.at(place).start(chat, 'Say something');
    expect(reader.response.status).to.equal(200);
    expect(await reader.until(({ text }) => text.length > 0)).to.equal(true);
    return { chat, reader };
  }

  /** Reads a chat's stream from its beginning on another node, as far as the reader that began it has come. */
  async follow(chat: string, place: number): Promise<EventReader> {
    const reader = await this.at(place).resume(chat);
    expect(await reader.until(({ text }) => text.length > 0)).to.equal(true);
    return reader;
  }

  /** Expects what the doctor finds in the store to be whole. */
  async expectHealthy(): Promise<void> {
    const { code, stdout, stderr } = await this.fleet.command(['doctor']);
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
  }
}

/** Expects readers to have come to the same end, without a gap and without a repeat; returns it. */
export async function expectSameEnd(readers: readonly EventReader[]): Promise<WireEvent> {
  const ends = await Promise.all(readers.map((reader) => reader.toEnd()));
  const [first] = ends;
  if (first === undefined) throw new Error('a reader came to no end');
  for (const end of ends) expect(end).to.deep.equal(first);
  const [whole] = readers;
  for (const reader of readers) {
    const ids = reader.events.map(({ id }) => id);
    const from = ids[0] ?? 0;
    expect(ids).to.deep.equal(ids.map((_, at) => from + at));
    expect(reader.text).to.equal(whole?.text);
  }
  return first;
}
