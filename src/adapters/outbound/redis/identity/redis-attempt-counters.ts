import type {
  AttemptCounter,
  AttemptCounters,
  AttemptOutcome,
  AttemptRule,
} from '../../../../application/ports/identity/attempt-counters.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { RedisLink } from '../redis-link.ts';

/** Counts one unless the window is full: the count, or how long the window still lasts, in milliseconds, below 0. */
const COUNT = `
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
if count <= 0 then
  redis.call('SET', KEYS[1], 1, 'PX', ARGV[2])
  return 1
end
if count >= tonumber(ARGV[1]) then return -math.max(1, redis.call('PTTL', KEYS[1])) end
return redis.call('INCR', KEYS[1])`;

/** Takes one back; what comes to nothing goes. */
const GIVE_BACK = `
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
if count > 1 then redis.call('DECR', KEYS[1]) else redis.call('DEL', KEYS[1]) end`;

const LOOK = "return { redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) }";

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
        const outcome = Number(await this.#eval(COUNT, key, this.#rule.limit, windowMs));
        return outcome > 0
          ? { kind: 'counted', count: outcome }
          : { kind: 'refused', retryAfterMs: -outcome };
      },
      (second) => second.count(key, windowMs),
    );
  }

  async giveBack(key: string): Promise<void> {
    await this.#either(
      async () => void (await this.#eval(GIVE_BACK, key)),
      (second) => second.giveBack(key),
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
    return this.#link.key(`attempts:${this.#rule.name}:${key}`);
  }

  #eval(script: string, key: string, ...given: readonly number[]): Promise<unknown> {
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
