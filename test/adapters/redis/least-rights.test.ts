import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import type { OwnServer } from '../../../scripts/services/own-server.ts';
import { startRedis } from '../../../scripts/services/redis.ts';
import { RedisFleetBus } from '../../../src/adapters/outbound/redis/fleet/redis-fleet-bus.ts';
import { RedisLeases } from '../../../src/adapters/outbound/redis/fleet/redis-leases.ts';
import { RedisAttemptCounters } from '../../../src/adapters/outbound/redis/identity/redis-attempt-counters.ts';
import { RedisLiveTail } from '../../../src/adapters/outbound/redis/streaming/redis-live-tail.ts';
import { SystemTimers } from '../../../src/adapters/outbound/system/system-timers.ts';
import type { AttemptCounters } from '../../../src/application/ports/identity/attempt-counters.ts';
import { describeAttemptCounters } from '../../contracts/attempt-counters.ts';
import { describeFleetBus } from '../../contracts/fleet-bus.ts';
import { describeLeases } from '../../contracts/leases.ts';
import { describeLiveTail } from '../../contracts/live-tail.ts';
import { aLink, connected, type LinkUnderTest } from '../../support/redis.ts';
import { EARLIER_LEASES, EARLIER_WINDOWS, heard } from '../../support/redis-time.ts';

/** The line of the handbook. */
const [, LINE = ''] = /^ACL (SETUSER holdfast .*)$/m.exec(readFileSync('docs/OPERATIONS.md', 'utf8')) ?? [];
const PREFIX = 'holdfast:fleet:';
/** So that what is refused on Redis fails, instead of being done elsewhere. Nothing was counted there to be given back. */
const NOWHERE: AttemptCounters = {
  open: () => ({ giveBack: async () => undefined }) as unknown as ReturnType<AttemptCounters['open']>,
};

describe('a user with the rights that the handbook names', function () {
  this.timeout(30_000);
  let server: OwnServer;
  let admin: Redis;
  let here: LinkUnderTest;
  let there: LinkUnderTest;
  before(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
    await admin.call('ACL', ...LINE.split(' '));
  });
  beforeEach(async () => {
    await admin.flushall();
    const asUser = server.url.replace('//', '//holdfast:password@');
    [here, there] = [aLink(asUser, PREFIX), aLink(asUser, PREFIX)];
    await connected(here, there);
  });
  afterEach(() => {
    here.link.close();
    there.link.close();
  });
  after(async () => {
    admin.disconnect();
    await server.stop();
  });

  describeLeases('RedisLeases', async () => ({
    leases: new RedisLeases(here.link),
    elsewhere: new RedisLeases(there.link),
    pass: async (byMs) => void (await admin.eval(EARLIER_LEASES, 1, `${PREFIX}leases`, byMs)),
  }));

  describeAttemptCounters('RedisAttemptCounters', async () => ({
    counters: new RedisAttemptCounters(here.link, NOWHERE),
    advance: async (byMs) => {
      for (const key of await admin.keys(`${PREFIX}*`)) await admin.eval(EARLIER_WINDOWS, 1, key, byMs);
    },
  }));

  describeFleetBus('RedisFleetBus', async () => [
    new RedisFleetBus(here.link),
    new RedisFleetBus(there.link),
  ]);

  describeLiveTail('RedisLiveTail', async () => {
    const timers = new SystemTimers();
    return {
      here: new RedisLiveTail({ wire: here.link, timers }),
      elsewhere: new RedisLiveTail({ wire: there.link, timers }),
      subscribed: () => heard(here.link),
    };
  });
});
