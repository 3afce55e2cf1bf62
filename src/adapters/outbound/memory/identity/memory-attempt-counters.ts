import { RateLimiterRes } from 'rate-limiter-flexible';
import type { Clock } from '../../../../application/ports/clock.ts';
import type {
  AttemptCounter,
  AttemptCounters,
  AttemptOutcome,
  AttemptRule,
} from '../../../../application/ports/identity/attempt-counters.ts';
import { BoundedRateLimiter } from './bounded-rate-limiter.ts';

/** Most keys of one rule: about 10 MB. The one touched longest ago makes room. */
const MAX_KEYS = 50_000;

/** Attempts, counted in this process by rate-limiter-flexible. */
export class MemoryAttemptCounters implements AttemptCounters {
  readonly #counters = new Map<string, AttemptCounter>();
  readonly #clock: Clock;
  readonly #maxKeys: number;

  constructor(given: { readonly clock: Clock; readonly maxKeys?: number }) {
    this.#clock = given.clock;
    this.#maxKeys = given.maxKeys ?? MAX_KEYS;
  }

  open(rule: AttemptRule): AttemptCounter {
    const opened = this.#counters.get(rule.name);
    if (opened !== undefined) return opened;
    const limiter = new BoundedRateLimiter({
      points: rule.limit,
      windowMs: rule.windowMs,
      maxKeys: this.#maxKeys,
      nowMs: () => this.#clock.nowMs(),
    });
    const counter = new LimiterCounter(limiter);
    this.#counters.set(rule.name, counter);
    return counter;
  }
}

class LimiterCounter implements AttemptCounter {
  readonly #limiter: BoundedRateLimiter;

  constructor(limiter: BoundedRateLimiter) {
    this.#limiter = limiter;
  }

  async count(key: string, windowMs?: number): Promise<AttemptOutcome> {
    const options = windowMs === undefined ? {} : { customDuration: windowMs / 1000 };
    try {
      const { consumedPoints } = await this.#limiter.consume(key, 1, options);
      // A window that is gone by now has nothing to give back.
      return { kind: 'counted', count: consumedPoints, window: this.#limiter.windowOf(key) ?? '' };
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      await this.#limiter.reward(key, 1);
      return { kind: 'refused', retryAfterMs: refusal.msBeforeNext };
    }
  }

  async giveBack(key: string, window: string): Promise<void> {
    if (this.#limiter.windowOf(key) === window) await this.#limiter.reward(key, 1);
  }

  async forget(key: string): Promise<void> {
    await this.#limiter.delete(key);
  }

  async look(key: string): Promise<{ count: number; endsInMs: number } | undefined> {
    const found = await this.#limiter.get(key);
    return found === null ? undefined : { count: found.consumedPoints, endsInMs: found.msBeforeNext };
  }
}
