import { invariant } from '../invariant.ts';

/** How often something may be done: `tokens` in each `perMs` milliseconds, and at most `burst` at once. */
export interface Rate {
  readonly tokens: number;
  readonly perMs: number;
  readonly burst: number;
}

/**
 * Admits what comes at a rate. Counts in whole numbers: the level is kept in shares of a token, `perMs` to the token, so
 * that a millisecond adds exactly `tokens` shares and nothing is ever rounded. No entity: every frame draws from one, so
 * it is changed in place.
 */
export class TokenBucket {
  readonly #rate: Rate;
  readonly #capacity: number;
  #shares: number;
  #atMs: number;

  /** A full bucket. @throws InvariantViolation when the rate is not of whole numbers above 0, or too large to count. */
  constructor(rate: Rate, nowMs: number) {
    const { tokens, perMs, burst } = rate;
    // One by one: a list of them, or a text with them, would be made for each session's bucket.
    invariant(isCount(tokens), 'not a number of tokens', tokens);
    invariant(isCount(perMs), 'not a time that tokens are for, in milliseconds', perMs);
    invariant(isCount(burst), 'not a burst', burst);
    invariant(Number.isSafeInteger(burst * perMs), 'a burst must be countable in shares of a token');
    this.#rate = rate;
    this.#capacity = burst * perMs;
    this.#shares = this.#capacity;
    this.#atMs = nowMs;
  }

  /**
   * Takes `count` tokens, or none.
   *
   * @returns 0 when they were taken; else the time after which they will be there if nobody takes any before, in
   *   milliseconds: one millisecond earlier they are not.
   * @throws InvariantViolation when `count` is more than the bucket can ever hold.
   */
  take(nowMs: number, count = 1): number {
    this.#fill(nowMs);
    const cost = count * this.#rate.perMs;
    invariant(count > 0 && cost <= this.#capacity, 'a burst never has so many tokens', count);
    if (cost > this.#shares) return Math.ceil((cost - this.#shares) / this.#rate.tokens);
    this.#shares -= cost;
    return 0;
  }

  /** Whether it is as good as a new one, so that nobody gains by its being forgotten. */
  isFullAt(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#shares === this.#capacity;
  }

  /** A clock that goes back fills nothing, and what it had filled stays. */
  #fill(nowMs: number): void {
    const elapsedMs = nowMs - this.#atMs;
    if (elapsedMs <= 0) return;
    this.#atMs = nowMs;
    const missing = this.#capacity - this.#shares;
    // Compared by division, since the product of a long silence could not be counted.
    this.#shares =
      elapsedMs >= missing / this.#rate.tokens
        ? this.#capacity
        : this.#shares + elapsedMs * this.#rate.tokens;
  }
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
