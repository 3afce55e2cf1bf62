import type { Clock } from '../../../../application/ports/clock.ts';

/**
 * The time as a turn of the event loop has it: many frames come in one turn, and none of them is worth a reading of its
 * own. A reading is held until the turn is over, so that it is never older than the work that the same turn has done; an
 * older time fills no bucket sooner.
 */
export class TurnClock {
  readonly #clock: Clock;
  #heldMs: number | undefined;
  /** Made once: a frame makes nothing. */
  readonly #letGo = (): void => {
    this.#heldMs = undefined;
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The time that is held, or a reading that nobody holds, in unix milliseconds. */
  nowMs(): number {
    return this.#heldMs ?? this.#clock.nowMs();
  }

  /** Something has come in: what else comes in this turn comes at the same time. */
  hold(): number {
    if (this.#heldMs !== undefined) return this.#heldMs;
    setImmediate(this.#letGo);
    this.#heldMs = this.#clock.nowMs();
    return this.#heldMs;
  }

  /** Has a piece of work done at one time, which is read anew. */
  during(worker: { work(nowMs: number): void }): void {
    const nowMs = this.#clock.nowMs();
    this.#heldMs = nowMs;
    try {
      worker.work(nowMs);
    } finally {
      this.#heldMs = undefined;
    }
  }
}
