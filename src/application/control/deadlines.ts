import type { Clock } from '../ports/clock.ts';
import type { Timers } from '../ports/timers.ts';

interface Deadline {
  readonly atMs: number;
  readonly pass: () => void;
}

/** Ends what takes longer than one limit that all have, with one timer for all of them. */
export class Deadlines {
  readonly #limitMs: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  /** In the order of their deadlines, which is that in which they began. */
  readonly #open = new Set<Deadline>();
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
    this.#open.add(deadline);
    if (!this.#isWaiting) void this.#watch();
    return () => {
      this.#open.delete(deadline);
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
      const [first] = this.#open;
      if (first === undefined) break;
      const leftMs = first.atMs - this.#clock.nowMs();
      if (leftMs > 0) {
        await this.#timers.sleep(leftMs);
        continue;
      }
      this.#open.delete(first);
      first.pass();
    }
    this.#isWaiting = false;
  }
}
