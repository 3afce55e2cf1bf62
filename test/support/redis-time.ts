import type { RedisWire } from '../../src/adapters/outbound/redis/redis-wire.ts';

/** Lets time pass for a window: its key expires that much earlier. */
export const EARLIER_WINDOWS = `
local left = redis.call('PTTL', KEYS[1])
if left > 0 then redis.call('PEXPIRE', KEYS[1], math.max(0, left - ARGV[1])) end`;
/** The same for all leases. */
export const EARLIER_LEASES = `
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  local token, untilMs, holder = string.match(all[at + 1], '^(%d+) (%d+) (.*)$')
  redis.call('HSET', KEYS[1], all[at], string.format('%s %.0f %s', token, untilMs - ARGV[1], holder))
end`;

/** Resolves when everything is heard that was subscribed to before: one connection does all in its order. */
export const heard = (link: RedisWire): Promise<void> =>
  new Promise((resolve) => {
    link.subscribe('marker', { onMessage: () => undefined, onActive: resolve });
  });
