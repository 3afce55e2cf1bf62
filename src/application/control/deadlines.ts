import type { Clock } from '../ports/clock.ts';
import type { Timers } from '../ports/timers.ts';

interface Deadline {
  readonly atMs: number;
  /** Absent once it has ended. */
  pass: (() => void) | undefined;
}

/** Ended ones at the front of the line that are taken out of it together. */
const TAKEN_OUT_TOGETHER = 1_024;

/** Ends what takes longer than one limit that all have, with one timer for all of them. */
export class Deadlines {
  readonly #limitMs: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  /**
   * In the order of their deadlines, which is that in which they began; those before `#first` have ended. No set: each of
   * the tables that a busy one leaves behind would keep what it had, whole events, until all of the memory is collected.
   */
  #line: Deadline[] = [];
  #first = 0;
  #isWaiting = false;

  /** @param limitMs how long each may take, in milliseconds. */
  constructor(deps: { readonly clock: Clock; readonly timers: Timers }, limitMs: number) {
    this.#limitMs = limitMs;
    this.#clock = deps.clock;
    this.#timers = deps.timers;
  }

  /**
   * Begins one.
   *
   * @param pass called when its time is over, unless the returned function was called before.
   */
  begin(pass: () => void): () => void {
    const deadline: Deadline = { atMs: this.#clock.nowMs() + this.#limitMs, pass };
    this.#line.push(deadline);
    if (!this.#isWaiting) void this.#watch();
    return () => {
      deadline.pass = undefined;
      this.#forgetEnded();
    };
  }

  /** What comes of some work that never rejects; at the deadline what `late` gives, whatever comes of it after. */
  race<Result>(work: Promise<Result>, late: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      const end = this.begin(() => resolve(late()));
      void work.then((result) => {
        end();
        resolve(result);
      });
    });
  }

  async #watch(): Promise<void> {
    this.#isWaiting = true;
    for (;;) {
      this.#forgetEnded();
      const first = this.#line[this.#first];
      if (first === undefined) break;
      const leftMs = first.atMs - this.#clock.nowMs();
      if (leftMs > 0) {
        await this.#timers.sleep(leftMs);
        continue;
      }
      const { pass } = first;
      first.pass = undefined;
      pass?.();
    }
    this.#isWaiting = false;
  }

  #forgetEnded(): void {
    while (this.#first < this.#line.length && this.#line[this.#first]?.pass === undefined) this.#first += 1;
    if (this.#first === this.#line.length) this.#line = [];
    else if (this.#first < TAKEN_OUT_TOGETHER) return;
    else this.#line = this.#line.slice(this.#first);
    this.#first = 0;
  }
}
