import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ApiClient } from '../../support/api-client.ts';
import { sharedKeys } from '../../support/fleet-settings.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import { MuxClient, type Received } from '../../support/mux-client.ts';
import { redisUrl } from '../../support/redis.ts';
import { RunningServer, temporaryFolder } from '../../support/running-server.ts';

const FLAGS = ['--websocket-multiplexing-echo', '--model-pace', '200'];

for (const [how, hasRedis] of [
  ['by Redis', true],
  ['by MongoDB alone', false],
] as const) {
  describe(`multiplexed sessions of nodes that hear of each other ${how}`, function () {
    this.timeout(120_000);
    const folder = temporaryFolder();
    let mongo: TemporaryMongo;
    const nodes: RunningServer[] = [];
    const clients: MuxClient[] = [];
    let user: ApiClient;

    before(async () => {
      mongo = await temporaryMongo();
      const redis = hasRedis ? { REDIS_URL: await redisUrl() } : {};
      const env = { ...sharedKeys(folder), MONGODB_URL: mongo.url, ...redis };
      nodes.push(await RunningServer.start(['--demo', ...FLAGS], join(folder, 'here'), env));
      nodes.push(await RunningServer.start(FLAGS, join(folder, 'there'), env));
      user = await ApiClient.login((nodes[0] as RunningServer).urls, 'user1', 'User1@123');
    });
    after(async () => {
      for (const client of clients) client.socket.terminate();
      for (const node of nodes) await node.dispose();
      await mongo.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    const connect = async (place: number, token = user.token ?? ''): Promise<MuxClient> => {
      const client = await MuxClient.connect((nodes[place] as RunningServer).urls.chat, token);
      clients.push(client);
      return client;
    };
    const eventsOf = (client: MuxClient, handle: string): Received[] =>
      client.received.filter((frame) => frame.name === 'EVENT' && frame.handle === handle);

    it('are closed on the node that had them when another takes them over', async () => {
      const here = await connect(0);
      const { handle, sessionId, resumeToken } = await here.open('echo');
      const sibling = await here.open('echo');
      const there = await connect(1);
      const moved = await there.open('echo', { resume: { sessionId, token: resumeToken, offset: 0 } });
      expect(moved.epoch).to.equal(2);
      expect((await here.on(handle, 'CLOSE')).json.code).to.equal(4501);
      for (const [client, at] of [
        [here, sibling.handle],
        [there, moved.handle],
      ] as const) {
        client.send(at, 'DATA', Buffer.from('still here'));
        expect((await client.on(at, 'DATA')).bytes.toString()).to.equal('still here');
      }
    });

    it('are nobody else’s on another node either, live and after their connection has gone', async () => {
      const officer = await ApiClient.login((nodes[1] as RunningServer).urls, 'supervisor1', 'Supervisor1@');
      const here = await connect(0);
      const { handle, sessionId, resumeToken } = await here.open('echo');
      const thief = await connect(1, officer.token);
      const steal = async (): Promise<unknown> => {
        const answer = await thief.ask('echo', { resume: { sessionId, token: resumeToken, offset: 0 } });
        return answer.json.code;
      };
      expect(await steal()).to.equal('session.owned_by_other');
      here.send(handle, 'DATA', Buffer.from('mine'));
      expect((await here.on(handle, 'DATA')).bytes.toString()).to.equal('mine');
      here.socket.terminate();
      await here.closed;
      expect(await steal()).to.equal('session.owned_by_other');
    });

    it('go on at another node with what follows, without loss or doubling', async () => {
      const chatSessionId = await user.createChat();
      const here = await connect(0);
      const { handle, sessionId, resumeToken } = await here.open('chat', { params: { chatSessionId } });
      here.send(handle, 'DATA', { ref: 'start', op: 'start', message: 'What is it?' });
      await here.next(({ offset }) => offset === 5);
      here.socket.terminate();
      await here.closed;
      const before = eventsOf(here, handle);
      const there = await connect(1);
      const resume = { sessionId, token: resumeToken, offset: before.at(-1)?.offset };
      const back = await there.open('chat', { resume });
      await there.next(({ json }) => json?.event === 'done');
      const offsets = [...before, ...eventsOf(there, back.handle)].map(({ offset }) => offset);
      expect(offsets).to.deep.equal(offsets.map((_, index) => index + 1));
    });
  });
}
