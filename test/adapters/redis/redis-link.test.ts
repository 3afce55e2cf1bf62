import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import * as tls from 'node:tls';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { OwnServer } from '../../../scripts/services/own-server.ts';
import { startRedis } from '../../../scripts/services/redis.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { privateCa } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { aLink, connected, type LinkUnderTest, ownPrefix } from '../../support/redis.ts';

/** Longest time that anything may wait for a server which does not answer, in milliseconds. */
const BOUND_MS = 3_000;
/** Longest time that anything may wait where there is no connection, in milliseconds. */
const AT_ONCE_MS = 200;

const ping = ({ link }: LinkUnderTest): Promise<string> => link.run((client) => client.ping());
const lost = (subject: LinkUnderTest): Promise<void> =>
  eventually(async () => {
    expect(subject.link.isConnected).to.equal(false);
  });

async function refused(work: Promise<unknown>, withinMs: number): Promise<PortError> {
  const from = performance.now();
  const outcome = await work.catch((error: unknown) => error);
  expect(performance.now() - from).to.be.below(withinMs);
  expect(outcome).to.be.instanceOf(PortError);
  return outcome as PortError;
}

describe('a link to Redis', function () {
  this.timeout(60_000);
  let server: OwnServer;
  let admin: Redis;
  let subject: LinkUnderTest;
  before(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
    admin.on('error', () => undefined);
  });
  beforeEach(async () => {
    subject = aLink(server.url, ownPrefix());
    await connected(subject);
  });
  afterEach(() => subject.link.close());
  after(async () => {
    admin.disconnect();
    await server.stop();
  });

  const words = (): string[] => subject.log.lines.map(({ level, message }) => `${level}: ${message}`);
  const gauge = (): number | undefined => subject.metrics.of('holdfast_redis_connected').at(-1)?.value;
  const LOST = 'warn: Redis is out of reach: what it carries comes later, by way of MongoDB';
  const BACK = 'info: Redis is back';

  it('says once that the server is lost and once that it is back, and refuses at once meanwhile', async () => {
    expect([words(), gauge()]).to.deep.equal([[], 1]);
    await server.kill();
    await lost(subject);
    for (let time = 0; time < 3; time += 1) {
      expect((await refused(ping(subject), AT_ONCE_MS)).kind).to.equal('unavailable');
    }
    expect([words(), gauge()]).to.deep.equal([[LOST], 0]);
    await server.restart();
    await connected(subject);
    expect(await ping(subject)).to.equal('PONG');
    expect([words(), gauge()]).to.deep.equal([[LOST, BACK], 1]);
  });

  it('begins without a server, and finds it when it comes', async () => {
    await server.kill();
    const early = aLink(server.url, ownPrefix());
    await eventually(async () => expect(early.log.lines).to.have.length(1));
    expect((await refused(ping(early), AT_ONCE_MS)).kind).to.equal('unavailable');
    await server.restart();
    await connected(early, subject);
    expect(await ping(early)).to.equal('PONG');
    early.link.close();
  });

  it('gives a server up that stands still, within seconds, and finds it when it goes on', async () => {
    await server.pause();
    await refused(ping(subject), BOUND_MS);
    await lost(subject);
    expect((await refused(ping(subject), AT_ONCE_MS)).kind).to.equal('unavailable');
    await server.goOn();
    await connected(subject);
    expect(await ping(subject)).to.equal('PONG');
    expect(words()).to.deep.equal([LOST, BACK]);
  });

  it('notices a server that stands still without asking it anything', async () => {
    const from = performance.now();
    await server.pause();
    await lost(subject);
    expect(performance.now() - from).to.be.below(BOUND_MS);
    await server.goOn();
    await connected(subject);
  });

  it('waits no longer for a server that lets its clients wait', async () => {
    await admin.client('PAUSE', 4_000, 'ALL');
    expect((await refused(ping(subject), BOUND_MS)).kind).to.equal('timeout');
    await connected(subject);
  });

  it('asks again to be told where the server refused it, and says once that it did', async () => {
    const rights = ['on', '>password', '~*', '+@all', 'resetchannels'];
    await admin.call('ACL', 'SETUSER', 'newcomer', ...rights);
    const early = aLink(server.url.replace('//', '//newcomer:password@'), ownPrefix());
    const leave = early.link.subscribe('words', { onMessage: () => undefined, onActive: () => undefined });
    await eventually(async () => expect(early.log.lines).to.have.length(1));
    expect(early.log.lines[0]?.message).to.contain('Redis is out of reach');
    await admin.call('ACL', 'SETUSER', 'newcomer', 'allchannels');
    await connected(early);
    expect(early.log.lines.map(({ message }) => message).slice(1)).to.deep.equal(['Redis is back']);
    leave();
    early.link.close();
  });

  it('hears again what it heard before its connections were cut', async () => {
    const heard: string[] = [];
    let active = 0;
    const leave = subject.link.subscribe('words', {
      onMessage: (text) => heard.push(text),
      onActive: () => {
        active += 1;
      },
    });
    await eventually(async () => expect(active).to.equal(1));
    for (let cut = 1; cut <= 3; cut += 1) {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await eventually(async () => expect(active).to.equal(cut + 1));
      await connected(subject);
      subject.link.publish('words', `after ${cut}`);
      await eventually(async () => expect(heard.at(-1)).to.equal(`after ${cut}`));
    }
    leave();
    expect(heard).to.deep.equal(['after 1', 'after 2', 'after 3']);
  });

  it('keeps no subscription of those who have left, however many came', async () => {
    const channels = async (): Promise<number> =>
      ((await admin.call('PUBSUB', 'SHARDCHANNELS', '*')) as unknown[]).length +
      ((await admin.pubsub('CHANNELS', '*')) as unknown[]).length;
    const before = await channels();
    for (let round = 0; round < 100; round += 1) {
      const leaves = Array.from({ length: 100 }, (_, index) =>
        subject.link.subscribe(`${round % 7}-${index}`, {
          onMessage: () => undefined,
          onActive: () => undefined,
        }),
      );
      for (const leave of leaves) leave();
      await ping(subject);
    }
    await eventually(async () => expect(await channels()).to.equal(before));
  });

  it('sends the words of one turn together, and none of them later than that', async () => {
    const heard: string[] = [];
    subject.link.subscribe('words', {
      onActive: () => heard.push('active'),
      onMessage: (text) => heard.push(text),
    });
    await eventually(async () => expect(heard).to.deep.equal(['active']));
    const { stream } = await subject.link.run(async (client) => client);
    const words = Array.from({ length: 50 }, (_, number) => `word ${number}`);
    for (const word of words) subject.link.publish('words', word);
    expect(stream.writableCorked).to.equal(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.writableCorked).to.equal(0);
    await eventually(async () => expect(heard.slice(1)).to.deep.equal(words));
  });

  it('loses what it cannot send, beyond a bound, and tells so', async () => {
    await server.pause();
    let losses = 0;
    const piece = 'x'.repeat(100_000);
    for (let times = 0; times < 200; times += 1) {
      subject.link.publish('words', piece, () => {
        losses += 1;
      });
    }
    expect(losses).to.be.within(100, 150);
    await eventually(async () => expect(losses).to.equal(200));
    await server.goOn();
    await connected(subject);
  });

  it('leaves a cluster alone, and says so, since it could use a part of it only', async () => {
    const cluster = await startRedis(['--cluster-enabled', 'yes']);
    const wary = aLink(cluster.url, ownPrefix());
    await eventually(async () => expect(wary.log.lines[0]?.fields.reason).to.match(/cluster/));
    expect((await refused(ping(wary), AT_ONCE_MS)).kind).to.equal('unavailable');
    wary.link.close();
    await cluster.stop();
  });

  it('with TLS goes only to a server that a trusted CA vouches for', async () => {
    const { ca, sign } = await privateCa();
    const target = Number(new URL(server.url).port);
    const front = tls.createServer(await sign(), (socket) => {
      const back = connect(target, '127.0.0.1');
      socket.on('error', () => undefined).on('close', () => back.destroy());
      back.on('error', () => undefined).on('close', () => socket.destroy());
      socket.pipe(back).pipe(socket);
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    const url = `rediss://localhost:${(front.address() as AddressInfo).port}`;
    const wary = aLink(url, ownPrefix());
    await eventually(async () => expect(wary.log.lines[0]?.fields.reason).to.match(/certificate/));
    wary.link.close();
    const usual = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...usual, ca.cert]);
    try {
      const trusting = aLink(url, ownPrefix());
      await connected(trusting);
      expect(await ping(trusting)).to.equal('PONG');
      trusting.link.close();
    } finally {
      tls.setDefaultCACertificates(usual);
      front.close();
    }
  });
});
