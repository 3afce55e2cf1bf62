import type { Clock } from '../../../application/ports/clock.ts';

/** How fast a clock that is ahead of the system's goes on, so that the system's catches up with it. */
const AHEAD_RATE = 0.5;

/**
 * The system's clock, kept from going backwards. When the system's clock was set back, or an earlier run has read
 * a later time, time goes on at half speed until the system's has caught up, so that nothing waits for ever.
 */
export class SystemClock implements Clock {
  #atMs: number;
  /** When the clock was last read, in milliseconds of the system's monotonic clock. */
  #readAtMs = performance.now();

  /** `notBeforeMs`: the latest time that an earlier run is known to have read, so that a restart does not go back. */
  constructor(notBeforeMs = 0) {
    this.#atMs = Math.max(notBeforeMs, Date.now());
  }

  nowMs(): number {
    const readAtMs = performance.now();
    const elapsedMs = readAtMs - this.#readAtMs;
    this.#readAtMs = readAtMs;
    this.#atMs = Math.max(this.#atMs + elapsedMs * AHEAD_RATE, Date.now());
    return Math.floor(this.#atMs);
  }
}
