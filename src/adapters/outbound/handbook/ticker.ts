import type { Clock } from '../../../application/ports/clock.ts';
import type { Timers } from '../../../application/ports/timers.ts';

/** Width of one slot of the wheel, in milliseconds: how late a wait may end. */
const SLOT_MS = 10;

/**
 * One timer for all paced streams: waits are gathered into slots of `SLOT_MS`, and a thousand streams cost
 * one timer a slot rather than one each. It runs only while somebody waits.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #slots = new Map<number, Set<() => void>>();
  #running = false;

  constructor(deps: { clock: Clock; timers: Timers }) {
    this.#clock = deps.clock;
    this.#timers = deps.timers;
  }

  /** Unix milliseconds of the clock that the waits go by. */
  nowMs(): number {
    return this.#clock.nowMs();
  }

  /**
   * Calls `wake` once, at `dueMs` or up to `SLOT_MS` later.
   *
   * @returns a function that calls the wait off; it does nothing after the wake.
   */
  at(dueMs: number, wake: () => void): () => void {
    const slot = Math.ceil(dueMs / SLOT_MS);
    const waiting = this.#slots.get(slot) ?? new Set();
    this.#slots.set(slot, waiting);
    waiting.add(wake);
    if (!this.#running) void this.#run();
    return () => {
      waiting.delete(wake);
      if (waiting.size === 0 && this.#slots.get(slot) === waiting) this.#slots.delete(slot);
    };
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#slots.size > 0) {
      const nowMs = this.#clock.nowMs();
      await this.#timers.sleep((Math.floor(nowMs / SLOT_MS) + 1) * SLOT_MS - nowMs);
      this.#wakeDue();
    }
    this.#running = false;
  }

  #wakeDue(): void {
    const current = Math.floor(this.#clock.nowMs() / SLOT_MS);
    const due = [...this.#slots].filter(([slot]) => slot <= current).sort(([left], [right]) => left - right);
    for (const [slot, waiting] of due) {
      this.#slots.delete(slot);
      for (const wake of waiting) wake();
    }
  }
}
