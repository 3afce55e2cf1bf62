import { randomBytes } from 'node:crypto';
import type {
  AttemptCounter,
  AttemptCounters,
  AttemptOutcome,
  AttemptRule,
} from '../../../../application/ports/identity/attempt-counters.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { RedisLink } from '../redis-link.ts';

/** Random bytes of a window's name. */
const NAME_BYTES = 8;

/**
 * Counts one unless the window is full: the count and the window's name, or how long the window still lasts, in
 * milliseconds, below 0. A window that this attempt opens gets the name that is given.
 */
const COUNT = `
local count = tonumber(redis.call('HGET', KEYS[1], 'count') or '0')
if count <= 0 then
  redis.call('HSET', KEYS[1], 'count', 1, 'window', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return { 1, ARGV[3] }
end
if count >= tonumber(ARGV[1]) then return { -math.max(1, redis.call('PTTL', KEYS[1])), '' } end
redis.call('HSET', KEYS[1], 'count', count + 1)
return { count + 1, redis.call('HGET', KEYS[1], 'window') }`;

/** Takes one back from the window of this name, if that is open; what comes to nothing goes. */
const GIVE_BACK = `
if redis.call('HGET', KEYS[1], 'window') ~= ARGV[1] then return 0 end
local count = tonumber(redis.call('HGET', KEYS[1], 'count') or '0')
if count > 1 then redis.call('HSET', KEYS[1], 'count', count - 1) else redis.call('DEL', KEYS[1]) end
return 1`;

const LOOK = "return { redis.call('HGET', KEYS[1], 'count'), redis.call('PTTL', KEYS[1]) }";

/**
 * Attempts of all nodes, counted on Redis by its clock, and elsewhere while it is away. A window is one key, which
 * expires with it.
 *
 * rate-limiter-flexible keeps windows on Redis too, but in whole seconds, counts what it refuses, and leaves a key
 * without an end below nothing when what is given back has gone.
 */
export class RedisAttemptCounters implements AttemptCounters {
  readonly #link: RedisLink;
  readonly #second: AttemptCounters;

  constructor(link: RedisLink, second: AttemptCounters) {
    this.#link = link;
    this.#second = second;
  }

  open(rule: AttemptRule): AttemptCounter {
    return new RedisCounter(this.#link, rule, this.#second.open(rule));
  }
}

class RedisCounter implements AttemptCounter {
  readonly #link: RedisLink;
  readonly #rule: AttemptRule;
  readonly #second: AttemptCounter;

  constructor(link: RedisLink, rule: AttemptRule, second: AttemptCounter) {
    this.#link = link;
    this.#rule = rule;
    this.#second = second;
  }

  count(key: string, windowMs = this.#rule.windowMs): Promise<AttemptOutcome> {
    return this.#either(
      async () => {
        const given = [this.#rule.limit, windowMs, randomBytes(NAME_BYTES).toString('hex')];
        const [count, window] = (await this.#eval(COUNT, key, ...given)) as readonly [number, string];
        return count > 0 ? { kind: 'counted', count, window } : { kind: 'refused', retryAfterMs: -count };
      },
      (second) => second.count(key, windowMs),
    );
  }

  /** A window that is not open here may be one that was counted in while Redis was away. */
  async giveBack(key: string, window: string): Promise<void> {
    await this.#either(
      async () => {
        if ((await this.#eval(GIVE_BACK, key, window)) === 0) await this.#second.giveBack(key, window);
      },
      (second) => second.giveBack(key, window),
    );
  }

  async forget(key: string): Promise<void> {
    await this.#either(
      async () => void (await this.#link.run((client) => client.del(this.#key(key)))),
      (second) => second.forget(key),
    );
  }

  look(key: string): Promise<{ readonly count: number; readonly endsInMs: number } | undefined> {
    return this.#either(
      async () => {
        const [count, endsInMs] = (await this.#eval(LOOK, key)) as readonly [string | null, number];
        return count === null || endsInMs <= 0 ? undefined : { count: Number(count), endsInMs };
      },
      (second) => second.look(key),
    );
  }

  #key(key: string): string {
    return this.#link.key(`windows:${this.#rule.name}:${key}`);
  }

  #eval(script: string, key: string, ...given: ReadonlyArray<number | string>): Promise<unknown> {
    return this.#link.run((client) => client.eval(script, 1, this.#key(key), ...given));
  }

  async #either<Out>(
    first: () => Promise<Out>,
    second: (counter: AttemptCounter) => Promise<Out>,
  ): Promise<Out> {
    try {
      return await first();
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      return second(this.#second);
    }
  }
}
