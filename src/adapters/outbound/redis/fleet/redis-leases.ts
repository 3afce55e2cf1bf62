import type { Lease, Leases } from '../../../../application/ports/fleet/leases.ts';
import type { RedisLink } from '../redis-link.ts';

/** How long names are remembered that nobody holds any more, in milliseconds. */
const REMEMBERED_MS = 86_400_000;
/** With more names than this, those are forgotten that nobody has held for so long. */
const MAX_NAMES = 1_000;

/**
 * All leases are one hash, name by name `<token> <until> <holder>`, so that one key and one script decide. A new token
 * is the server's time in microseconds where that is greater than the last one's successor: tokens go on growing when
 * the server has lost all it knew. Numbers are written out, since Lua would round them to 14 digits.
 */
const READ = `
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)
local function read(text)
  local token, untilMs, holder = string.match(text or '0 0 ', '^(%d+) (%d+) (.*)$')
  return tonumber(token), tonumber(untilMs), holder
end`;

const HOLD = `${READ}
local key, name, caller, life = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local remembered, most = tonumber(ARGV[4]), tonumber(ARGV[5])
local token, untilMs, holder = read(redis.call('HGET', key, name))
if holder ~= caller then
  if holder ~= '' and untilMs > now then return false end
  token = math.max(token + 1, micros)
end
if redis.call('HLEN', key) > most then
  local all = redis.call('HGETALL', key)
  for at = 1, #all, 2 do
    local _, past = read(all[at + 1])
    if past + remembered < now then redis.call('HDEL', key, all[at]) end
  end
end
redis.call('HSET', key, name, string.format('%.0f %.0f ', token, now + life) .. caller)
redis.call('PEXPIRE', key, math.max(redis.call('PTTL', key), life + remembered))
return string.format('%.0f', token)`;

const RELEASE = `${READ}
local token, untilMs, holder = read(redis.call('HGET', KEYS[1], ARGV[1]))
if holder == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %.0f ', token, now)) end`;

const LIST = `${READ}
local found = {}
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  local token, untilMs, holder = read(all[at + 1])
  local isNamed = string.sub(all[at], 1, #ARGV[1]) == ARGV[1]
  if isNamed and holder ~= '' then
    found[#found + 1] = { all[at], holder, string.format('%.0f', token), untilMs <= now and 1 or 0 }
  end
end
return found`;

/** Leases on Redis, by its clock; for a few names, such as those of the turns of a fleet's work. */
export class RedisLeases implements Leases {
  readonly #link: RedisLink;
  readonly #key: string;

  constructor(link: RedisLink) {
    this.#link = link;
    this.#key = link.key('leases');
  }

  async hold(name: string, holder: string, lifeMs: number): Promise<Lease | 'taken'> {
    const given = [name, holder, lifeMs, REMEMBERED_MS, MAX_NAMES];
    const token = await this.#link.run((client) => client.eval(HOLD, 1, this.#key, ...given));
    return token === null ? 'taken' : { name, holder, token: Number(token), lapsed: false };
  }

  async release(name: string, holder: string): Promise<void> {
    await this.#link.run((client) => client.eval(RELEASE, 1, this.#key, name, holder));
  }

  async list(prefix: string): Promise<readonly Lease[]> {
    const found = (await this.#link.run((client) =>
      client.eval(LIST, 1, this.#key, prefix),
    )) as ReadonlyArray<readonly [string, string, string, number]>;
    return found
      .map(([name, holder, token, lapsed]) => ({ name, holder, token: Number(token), lapsed: lapsed === 1 }))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }
}
