import { expect } from 'chai';
import { Redis } from 'ioredis';
import { RedisFleetBus } from '../../../src/adapters/outbound/redis/fleet/redis-fleet-bus.ts';
import { eventually } from '../../support/eventually.ts';
import { aLink, connected, type LinkUnderTest, ownPrefix, redisUrl, signsWith } from '../../support/redis.ts';
import { numberedStream } from '../../support/stream-builders.ts';

const REFUSED = 'holdfast_redis_words_refused_total';

describe('somebody who may write to Redis and is no node', function () {
  this.timeout(20_000);
  let prefix: string;
  let ours: LinkUnderTest;
  let node: LinkUnderTest;
  let forger: LinkUnderTest;
  let client: Redis;
  let heard: string[];

  beforeEach(async () => {
    prefix = ownPrefix();
    const url = await redisUrl();
    client = new Redis(url);
    [ours, node] = [aLink(url, prefix), aLink(url, prefix)];
    forger = aLink(url, prefix, [signsWith('another')]);
    await connected(ours, node, forger);
    heard = [];
    const bus = new RedisFleetBus(ours.link);
    bus.listen({
      onStopAsked: (id) => heard.push(id),
      onRevoked: () => heard.push('revoked'),
      onMissed: () => undefined,
    });
    await eventually(async () => expect(bus.isConnected).to.equal(true));
  });
  afterEach(() => {
    for (const { link } of [ours, node, forger]) link.close();
    client.disconnect();
  });

  const refused = (): number => ours.metrics.of(REFUSED).length;

  it('stops no stream: his words count for nothing, are counted, and told once', async () => {
    new RedisFleetBus(forger.link).askToStop(numberedStream(1));
    const said = `x stop ${numberedStream(2)}`;
    await client.publish(`${prefix}fleet`, said);
    await client.spublish(`${prefix}fleet`, said);
    await eventually(async () => expect(refused()).to.be.at.least(2));
    new RedisFleetBus(node.link).askToStop(numberedStream(3));
    await eventually(async () => expect(heard).to.deep.equal([numberedStream(3)]));
    const told = ours.log.lines.filter(({ message }) =>
      message.startsWith('a word on Redis is not of a node'),
    );
    expect(told).to.have.length(1);
  });

  it('cannot say on one channel what a node has said on another', async () => {
    const seen = Promise.withResolvers<string>();
    const listening = client.duplicate();
    listening.on('message', (_channel, text) => seen.resolve(text));
    listening.on('smessage', (_channel, text) => seen.resolve(text));
    await listening.ssubscribe(`${prefix}tail:x`);
    await listening.subscribe(`${prefix}tail:x`);
    node.link.publish('tail:x', `x stop ${numberedStream(1)}`);
    const word = await seen.promise;
    listening.disconnect();
    await client.publish(`${prefix}fleet`, word);
    await client.spublish(`${prefix}fleet`, word);
    await eventually(async () => expect(refused()).to.be.at.least(1));
    expect(heard).to.deep.equal([]);
  });
});

describe('a fleet whose key is being changed', function () {
  this.timeout(20_000);

  it('hears nodes that sign with the new key and nodes that sign with the old one', async () => {
    const [prefix, url] = [ownPrefix(), await redisUrl()];
    const [older, newer] = [signsWith('old'), signsWith('new')];
    const before = aLink(url, prefix, [older, newer]);
    const after = aLink(url, prefix, [newer, older]);
    await connected(before, after);
    const heard: string[] = [];
    for (const { link } of [before, after]) {
      link.subscribe('words', { onMessage: (text) => heard.push(text), onActive: () => undefined });
    }
    await eventually(async () => {
      before.link.publish('words', 'old');
      after.link.publish('words', 'new');
      expect(new Set(heard)).to.deep.equal(new Set(['old', 'new']));
      expect(heard.length).to.be.at.least(4);
    });
    for (const { link } of [before, after]) link.close();
  });
});
