import type { Platform } from '../platform/platform.ts';

/** The longest first pause, and the longest of all, in milliseconds. */
export const FIRST_PAUSE_MS = 500;
export const LONGEST_PAUSE_MS = 30_000;
/** What has lasted for so long has not failed, in milliseconds. */
export const STABLE_AFTER_MS = 10_000;

/** Pauses that double with what fails in a row, each drawn anew, so that those who fail together do not come back together. */
export class Backoff {
  readonly #platform: Platform;
  #failures = 0;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** What has failed in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Something has failed. @returns how long to wait, in milliseconds. */
  next(): number {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    return this.#platform.fraction() * longest;
  }

  /** Something has lasted. */
  reset(): void {
    this.#failures = 0;
  }
}
