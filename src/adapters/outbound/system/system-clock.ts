import type { Clock } from '../../../application/ports/clock.ts';

/** The system's clock, kept from going backwards: a step back stands still until real time has caught up. */
export class SystemClock implements Clock {
  #highWaterMs: number;

  /** `notBeforeMs`: the latest time that an earlier run is known to have read, so that a restart does not go back. */
  constructor(notBeforeMs = 0) {
    this.#highWaterMs = notBeforeMs;
  }

  nowMs(): number {
    const systemMs = Date.now();
    if (systemMs > this.#highWaterMs) this.#highWaterMs = systemMs;
    return this.#highWaterMs;
  }
}
