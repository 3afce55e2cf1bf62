import type { Clock } from '../../../application/ports/clock.ts';
import type { Timers } from '../../../application/ports/timers.ts';

/** Calls `expire` when an armed limit passes. Arming again costs no timer unless the new limit ends earlier. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #expire: () => void;
  #dueMs = Number.POSITIVE_INFINITY;
  #wakeMs = Number.POSITIVE_INFINITY;
  #sleep: AbortController | undefined;

  constructor(deps: { clock: Clock; timers: Timers; expire: () => void }) {
    this.#clock = deps.clock;
    this.#timers = deps.timers;
    this.#expire = deps.expire;
  }

  /** Starts a limit, in place of the one that runs. */
  arm(limitMs: number): void {
    this.#dueMs = this.#clock.nowMs() + limitMs;
    if (this.#dueMs < this.#wakeMs) this.#restart();
  }

  /** Takes the limit away until it is armed again. */
  rest(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  /** Takes the limit away and its timer too. */
  close(): void {
    this.rest();
    this.#sleep?.abort();
  }

  #restart(): void {
    this.#sleep?.abort();
    const sleep = new AbortController();
    this.#sleep = sleep;
    this.#wakeMs = this.#dueMs;
    this.#timers.sleep(this.#dueMs - this.#clock.nowMs(), sleep.signal).then(
      () => this.#woken(),
      () => undefined,
    );
  }

  #woken(): void {
    this.#wakeMs = Number.POSITIVE_INFINITY;
    if (this.#clock.nowMs() >= this.#dueMs) this.#expire();
    else if (this.#dueMs !== Number.POSITIVE_INFINITY) this.#restart();
  }
}
