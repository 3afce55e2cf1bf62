import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ChatEvent } from '../../../src/client/mux/chat-channel.ts';
import { MuxClient } from '../../../src/client/mux/mux-client.ts';
import { ApiClient } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { sharedKeys } from '../../support/fleet-settings.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import { redisUrl } from '../../support/redis.ts';
import { RunningServer, temporaryFolder } from '../../support/running-server.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const FLAGS = ['--websocket-multiplexing-echo', '--model-pace', '200'];

describe('the client of multiplexed sessions, before two nodes', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let mongo: TemporaryMongo;
  const nodes: RunningServer[] = [];
  let env: NodeJS.ProcessEnv;
  let user: ApiClient;
  let proxy: TcpProxy;
  let client: MuxClient;

  before(async () => {
    mongo = await temporaryMongo();
    env = { ...sharedKeys(folder), MONGODB_URL: mongo.url, REDIS_URL: await redisUrl() };
    nodes.push(await RunningServer.start(['--demo', ...FLAGS], join(folder, 'here'), env));
    nodes.push(await RunningServer.start(FLAGS, join(folder, 'there'), env));
    user = await ApiClient.login(node(1).urls, 'user1', 'User1@123');
    proxy = new TcpProxy(node(0).urls.chat);
    client = new MuxClient({ url: await proxy.listen(), credential: () => user.token ?? '' });
  });
  after(async () => {
    await client?.leave();
    await proxy?.close();
    for (const one of nodes) await one.dispose();
    await mongo?.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const node = (place: number): RunningServer => nodes[place] as RunningServer;

  /** Reads a stream to its end; acts when the tenth event has come. */
  async function readChat(act: () => Promise<unknown> | undefined): Promise<ChatEvent[]> {
    const chat = await client.openChat(await user.createChat());
    await chat.start({ message: 'What is it?' });
    const events: ChatEvent[] = [];
    for await (const event of chat) {
      events.push(event);
      if (events.length === 10) await act();
      if (event.event === 'done' || event.event === 'error') break;
    }
    expect(events.map(({ offset }) => offset)).to.deep.equal(events.map((_, index) => index + 1));
    return events;
  }

  it('goes on at the other node after a cut, each event once and none missing', async () => {
    const events = await readChat(async () => {
      proxy.leadTo(node(1).urls.chat);
      proxy.cut();
    });
    expect(events.at(-1)?.event).to.equal('done');
  });

  it('goes to the other node when its own is asked to stop, with every session', async () => {
    proxy.leadTo(node(0).urls.chat);
    proxy.cut();
    const echoes = await Promise.all(Array.from({ length: 10 }, () => client.open('echo')));
    proxy.leadTo(node(1).urls.chat);
    void node(0).end();
    await eventually(async () => {
      expect(echoes.every(({ state, epoch }) => state === 'open' && epoch === 2)).to.equal(true);
    }, 30_000);
    await Promise.all(
      echoes.map(async (echo, index) => {
        await echo.send(`of ${index}`);
        const { value } = await echo[Symbol.asyncIterator]().next();
        expect(value?.type === 'data' && Buffer.from(value.bytes).toString()).to.equal(`of ${index}`);
      }),
    );
    await node(0).end();
  });

  it('reads the honest end of a stream whose node was killed, at the other one', async () => {
    nodes[0] = await RunningServer.start(FLAGS, join(folder, 'again'), env);
    proxy.leadTo(node(0).urls.chat);
    proxy.cut();
    const events = await readChat(() => {
      proxy.leadTo(node(1).urls.chat);
      return node(0).end('SIGKILL');
    });
    expect(events.at(-1)?.event).to.equal('error');
    expect(events.at(-1)?.data).to.include({ code: 'stream.interrupted' });
  });
});
