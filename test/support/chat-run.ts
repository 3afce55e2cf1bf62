import type { ChatOptions } from '../../src/adapters/inbound/cli/chat/chat-options.ts';
import { runChat } from '../../src/adapters/inbound/cli/chat/run-chat.ts';
import { FakeCommandIo } from './fake-command-io.ts';
import { type Fault, FaultyProxy, type Passing } from './faulty-proxy.ts';
import type { Lie } from './lying-server/lies.ts';
import { LyingServer } from './lying-server/lying-server.ts';
import { CHUNKS } from './lying-server/memory-state.ts';

/** What the server's model says to the first question of a chat. */
export const WHOLE_ANSWER = CHUNKS.join('');

/** A server, a proxy that may go wrong before it, and a client's world. */
export class ChatScene {
  readonly server: LyingServer;
  readonly io = new FakeCommandIo();
  #proxy: FaultyProxy | undefined;
  readonly #decide: (request: Passing, count: number) => readonly Fault[];
  #url = '';

  constructor(decide: (request: Passing, count: number) => readonly Fault[] = () => [], lie?: Lie) {
    this.server = new LyingServer(lie);
    this.#decide = decide;
  }

  get proxy(): FaultyProxy {
    if (this.#proxy === undefined) throw new Error('open the scene first');
    return this.#proxy;
  }

  /** Starts both; `decide` hears how many requests of the same form came before, this one included. */
  async open(): Promise<this> {
    this.#proxy = new FaultyProxy(await this.server.listen(), (request) => {
      const path = request.line.replace(/[0-9a-f-]{36}/g, ':id');
      const alike = this.proxy.seen.filter(
        ({ line }) => line.replace(/[0-9a-f-]{36}/g, ':id') === path,
      ).length;
      return this.#decide({ ...request, line: path }, alike);
    });
    this.#url = await this.#proxy.listen();
    return this;
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await this.server.close();
  }

  /** Runs the command through the proxy. */
  run(options: Omit<ChatOptions, 'url'> = { question: 'Who may finish a stream?' }): Promise<number> {
    return runChat({ url: this.#url, ...options }, this.io);
  }
}

/** Opens a scene, lets a test play in it, and closes it. */
export async function inScene(scene: ChatScene, play: (scene: ChatScene) => Promise<void>): Promise<void> {
  await scene.open();
  try {
    await play(scene);
  } finally {
    await scene.close();
  }
}
