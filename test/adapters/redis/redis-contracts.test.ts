import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { OwnServer } from '../../../scripts/services/own-server.ts';
import { startRedis } from '../../../scripts/services/redis.ts';
import { MemoryAttemptCounters } from '../../../src/adapters/outbound/memory/identity/memory-attempt-counters.ts';
import { RedisFleetBus } from '../../../src/adapters/outbound/redis/fleet/redis-fleet-bus.ts';
import { RedisFleetPulse } from '../../../src/adapters/outbound/redis/fleet/redis-fleet-pulse.ts';
import { RedisLeases } from '../../../src/adapters/outbound/redis/fleet/redis-leases.ts';
import { RedisNodeAsks } from '../../../src/adapters/outbound/redis/fleet/redis-node-asks.ts';
import { RedisAttemptCounters } from '../../../src/adapters/outbound/redis/identity/redis-attempt-counters.ts';
import { RedisLiveTail } from '../../../src/adapters/outbound/redis/streaming/redis-live-tail.ts';
import { SystemTimers } from '../../../src/adapters/outbound/system/system-timers.ts';
import { describeAttemptCounters } from '../../contracts/attempt-counters.ts';
import { describeFleetBus } from '../../contracts/fleet-bus.ts';
import { describeFleetPulse } from '../../contracts/fleet-pulse.ts';
import { describeLeases } from '../../contracts/leases.ts';
import { describeLiveTail } from '../../contracts/live-tail.ts';
import { describeNodeAsks } from '../../contracts/node-asks.ts';
import { hammer, type SharedTask } from '../../support/hammer.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { aLink, connected, type LinkUnderTest, ownPrefix, redisUrl } from '../../support/redis.ts';
import { EARLIER_LEASES, EARLIER_WINDOWS, heard } from '../../support/redis-time.ts';

describe('what nodes share on Redis', function () {
  this.timeout(30_000);
  let client: Redis;
  let url: string;
  let prefix: string;
  let here: LinkUnderTest;
  let there: LinkUnderTest;
  const third: LinkUnderTest[] = [];
  before(async () => {
    url = await redisUrl();
    client = new Redis(url);
  });
  beforeEach(async () => {
    prefix = ownPrefix();
    [here, there] = [aLink(url, prefix), aLink(url, prefix)];
    await connected(here, there);
  });
  afterEach(async () => {
    here.link.close();
    there.link.close();
    for (const { link } of third.splice(0)) link.close();
    const keys = await client.keys(`${prefix}*`);
    for (const key of keys) {
      if ((await client.pttl(key)) < 0) throw new Error(`${key} would stay for ever`);
    }
    if (keys.length > 0) await client.del(keys);
  });
  after(() => client.disconnect());

  describeLeases('RedisLeases', async () => ({
    leases: new RedisLeases(here.link),
    elsewhere: new RedisLeases(there.link),
    pass: async (byMs) => void (await client.eval(EARLIER_LEASES, 1, `${prefix}leases`, byMs)),
  }));

  describeAttemptCounters('RedisAttemptCounters', async () => ({
    counters: new RedisAttemptCounters(here.link, new MemoryAttemptCounters({ clock: new ManualClock() })),
    advance: async (byMs) => {
      for (const key of await client.keys(`${prefix}*`)) await client.eval(EARLIER_WINDOWS, 1, key, byMs);
    },
  }));

  describeNodeAsks('RedisNodeAsks', async () => {
    third.push(aLink(url, prefix));
    const links = [here, there, ...third.slice(-1)];
    await connected(...links);
    const [first, second, last] = links.map(({ link }) => new RedisNodeAsks(link));
    return [first, second, last] as [RedisNodeAsks, RedisNodeAsks, RedisNodeAsks];
  });

  describeFleetBus('RedisFleetBus', async () => [
    new RedisFleetBus(here.link),
    new RedisFleetBus(there.link),
  ]);

  describeFleetPulse('RedisFleetPulse', async () => ({
    here: new RedisFleetPulse(here.link),
    there: new RedisFleetPulse(there.link),
    countsAsConnected: () => here.link.isConnected,
  }));

  describeLiveTail('RedisLiveTail', async () => {
    const timers = new SystemTimers();
    return {
      here: new RedisLiveTail({ wire: here.link, timers }),
      elsewhere: new RedisLiveTail({ wire: there.link, timers }),
      subscribed: () => heard(here.link),
    };
  });

  it('is in keys that all go by themselves', async () => {
    await new RedisLeases(here.link).hold('turn/kept', 'one', 1_000);
    const counters = new RedisAttemptCounters(
      here.link,
      new MemoryAttemptCounters({ clock: new ManualClock() }),
    );
    await counters.open({ name: 'kept', limit: 3, windowMs: 60_000 }).count('anna');
    const keys = await client.keys(`${prefix}*`);
    expect(keys.length).to.be.at.least(2);
    for (const key of keys) expect(await client.pttl(key), key).to.be.greaterThan(0);
  });

  describe('whose users may not ask what it is', () => {
    let own: OwnServer;
    let limited: LinkUnderTest[];
    before(async () => {
      own = await startRedis();
      const admin = new Redis(own.url);
      await admin.acl(
        'SETUSER',
        'node',
        'on',
        '>secret',
        '~*',
        '&*',
        '+@all',
        '-info',
        '-spublish',
        '-ssubscribe',
      );
      admin.disconnect();
    });
    beforeEach(async () => {
      const asUser = own.url.replace('//', '//node:secret@');
      limited = [aLink(asUser, prefix), aLink(asUser, prefix)];
      await connected(...limited);
    });
    afterEach(() => {
      for (const { link } of limited) link.close();
    });
    after(() => own.stop());

    describeLiveTail('RedisLiveTail over channels of the whole server', async () => {
      const timers = new SystemTimers();
      const [one, other] = limited.map(({ link }) => link);
      if (one === undefined || other === undefined) throw new Error('two nodes are connected');
      return {
        here: new RedisLiveTail({ wire: one, timers }),
        elsewhere: new RedisLiveTail({ wire: other, timers }),
        subscribed: () => heard(one),
      };
    });
  });

  it('is a name that one at a time of racing processes holds, under a token that only grows', async () => {
    const task: SharedTask = { kind: 'hold', times: 100, prefix };
    const outcomes = await hammer<SharedTask>(url, [task, task, task], 'hammer-shared');
    expect(Object.keys(outcomes)).to.have.members(['held', 'taken']);
    expect(outcomes.held).to.equal(300);
  });

  it('is a count that racing processes bring exactly to its limit', async () => {
    const task: SharedTask = { kind: 'guess', times: 500, prefix };
    const outcomes = await hammer<SharedTask>(url, [task, task, task], 'hammer-shared');
    expect(outcomes).to.deep.equal({ counted: 500, refused: 1_000 });
  });
});
