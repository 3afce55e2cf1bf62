import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { OpenedPayload } from '../../../src/adapters/inbound/ws/mux/server-payloads.ts';
import { ApiClient } from '../../support/api-client.ts';
import { sharedKeys } from '../../support/fleet-settings.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import { MuxClient } from '../../support/mux-client.ts';
import { redisUrl } from '../../support/redis.ts';
import { RunningServer, temporaryFolder } from '../../support/running-server.ts';

/** Nobody is refused for being too quick, so that each is for what he asks. */
const FLAGS = [
  '--websocket-multiplexing-echo',
  '--websocket-multiplexing-opens-per-principal',
  '1000000/min',
  '--websocket-multiplexing-open-burst',
  '1000000',
];
const RACING = 1_000;
/** Connections of the thief, half of them on each node. */
const THIEVES = 10;

interface Shown {
  readonly sessionId: string;
  readonly token: string;
}

describe('taking over what is another’s', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let mongo: TemporaryMongo;
  const nodes: RunningServer[] = [];
  let owner: ApiClient;
  let other: ApiClient;
  let holder: MuxClient;
  const clients: MuxClient[] = [];

  before(async () => {
    mongo = await temporaryMongo();
    const env = { ...sharedKeys(folder), MONGODB_URL: mongo.url, REDIS_URL: await redisUrl() };
    nodes.push(await RunningServer.start(['--demo', ...FLAGS], join(folder, 'here'), env));
    nodes.push(await RunningServer.start(FLAGS, join(folder, 'there'), env));
    owner = await ApiClient.login((nodes[0] as RunningServer).urls, 'user1', 'User1@123');
    other = await ApiClient.login((nodes[1] as RunningServer).urls, 'supervisor1', 'Supervisor1@');
  });
  beforeEach(async () => {
    holder = await connect(0, owner);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) {
      client.socket.terminate();
      await client.closed;
    }
  });
  after(async () => {
    for (const node of nodes) await node.dispose();
    await mongo.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function connect(place: number, who: ApiClient): Promise<MuxClient> {
    const client = await MuxClient.connect((nodes[place] as RunningServer).urls.chat, who.token);
    clients.push(client);
    return client;
  }

  /** The bytes that an attempt is answered with; it is made again where a busy machine had no time for it. */
  async function attempt(client: MuxClient, { sessionId, token }: Shown, ref = 'same'): Promise<string> {
    for (;;) {
      client.send(undefined, 'OPEN', { ref, kind: 'echo', resume: { sessionId, token, offset: 0 } });
      const { name, bytes, json } = await client.next((frame) => frame.json?.ref === ref);
      if (json.code !== 'unavailable') return `${name} ${bytes.toString()}`;
    }
  }

  const shownOf = ({ sessionId, resumeToken }: OpenedPayload): Shown => ({ sessionId, token: resumeToken });

  async function echoes(client: MuxClient, { handle }: OpenedPayload, text: string): Promise<void> {
    client.send(handle, 'DATA', Buffer.from(text));
    expect((await client.on(handle, 'DATA')).bytes.toString()).to.equal(text);
  }

  /** What everybody is told who is refused, whatever it is for. */
  const REFUSED = `ERROR ${JSON.stringify({
    code: 'session.owned_by_other',
    message: 'This session is not yours to take',
    ref: 'same',
  })}`;

  for (const [where, place] of [
    ['on the same node', 0],
    ['on another node', 1],
  ] as const) {
    it(`is refused ${where} while the session is live, and its holder notices nothing`, async () => {
      const session = await holder.open('echo');
      const thief = await connect(place, other);
      for (const token of [session.resumeToken, 'w'.repeat(43), 'no token'])
        expect(await attempt(thief, { ...shownOf(session), token })).to.equal(REFUSED);
      await echoes(holder, session, 'undisturbed');
      expect(holder.received.map(({ name }) => name)).to.deep.equal(['OPENED', 'DATA']);
    });

    it(`is refused ${where} after the holder has gone, and he takes it back all the same`, async () => {
      const session = await holder.open('echo');
      holder.socket.terminate();
      await holder.closed;
      const thief = await connect(place, other);
      expect(await attempt(thief, shownOf(session))).to.equal(REFUSED);
      const back = await connect(place, owner);
      const resumed = await back.open('echo', {
        resume: { ...shownOf(session), offset: 0 },
      });
      expect(resumed.epoch).to.equal(2);
      await echoes(back, resumed, 'mine again');
    });

    it(`is refused ${where} by a token that is used, to its owner too`, async () => {
      const session = await holder.open('echo');
      const next = await connect(0, owner);
      const moved = await next.open('echo', { resume: { ...shownOf(session), offset: 0 } });
      await echoes(next, moved, 'heard, so that the token is spent');
      for (const who of [other, owner])
        expect(await attempt(await connect(place, who), shownOf(session))).to.equal(REFUSED);
      await echoes(next, moved, 'undisturbed');
    });

    it(`is refused ${where} in the same words where there is nothing to take`, async () => {
      const ended = await holder.open('echo');
      holder.send(ended.handle, 'CLOSE', { code: 1000, reason: '' });
      await holder.on(ended.handle, 'CLOSE');
      const thief = await connect(place, other);
      expect(await attempt(thief, { sessionId: 'x'.repeat(32), token: ended.resumeToken })).to.equal(REFUSED);
      expect(await attempt(thief, { sessionId: 'no id', token: 'no token' })).to.equal(REFUSED);
      expect(await attempt(thief, shownOf(ended))).to.equal(REFUSED);
    });
  }

  it(`is refused to ${RACING} who race for it on two nodes, all with the same bytes`, async () => {
    const session = await holder.open('echo');
    const thieves = await Promise.all(
      Array.from({ length: THIEVES }, (_, number) => connect(number % nodes.length, other)),
    );
    const answers = thieves.flatMap((thief) =>
      Array.from({ length: RACING / THIEVES }, (_, number) =>
        attempt(thief, shownOf(session), String(number)),
      ),
    );
    const all = Promise.all(answers);
    for (let number = 0; number < 20; number += 1) await echoes(holder, session, `message ${number}`);
    const told = (await all).map((answer) => answer.replace(/"ref":"\d+"/, '"ref":"same"'));
    expect(told.length).to.equal(RACING);
    expect(new Set(told)).to.deep.equal(new Set([REFUSED]));
    await echoes(holder, session, 'undisturbed');
    const names = new Set(holder.received.map(({ name }) => name));
    expect(names).to.deep.equal(new Set(['OPENED', 'DATA']));
    const back = await (await connect(1, owner)).open('echo', { resume: { ...shownOf(session), offset: 0 } });
    expect(back.epoch).to.equal(2);
  });
});
