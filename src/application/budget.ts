import { PortError } from './ports/port-error.ts';
import type { Timers } from './ports/timers.ts';

interface Given {
  readonly timers: Timers;
  /** A time that only goes on, in milliseconds from anywhere. */
  readonly monotonicMs: () => number;
  /** What may be spent, in milliseconds. */
  readonly limitMs: number;
}

/** What sleeps for ever. */
const ENDLESS: Timers = { sleep: () => new Promise(() => undefined) };

/**
 * The time that a caller waits at most before something is promised to him. What is still under way when it is spent
 * goes on and is not waited for; whoever is about to promise something asks whether anybody still waits for it.
 */
export class Budget {
  readonly #given: Given;
  #leftMs: number;
  #isKept = false;
  #isSpent = false;

  constructor(given: Given) {
    this.#given = given;
    this.#leftMs = given.limitMs;
  }

  /** Of somebody who waits as long as it takes. */
  static unlimited(): Budget {
    const budget = new Budget({ timers: ENDLESS, monotonicMs: () => 0, limitMs: Number.POSITIVE_INFINITY });
    budget.keep();
    return budget;
  }

  /** Whether the caller has been refused. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /**
   * To be asked when something is about to be promised, in the same turn of the event loop.
   *
   * @throws PortError `timeout` when the caller has been refused.
   */
  requireTime(): void {
    if (this.#isSpent) throw this.#refusal();
  }

  /** The caller has got his promise: from now on whatever he waits for takes as long as it takes. */
  keep(): void {
    this.#isKept = true;
  }

  /**
   * Waits for work as long as there is time; what is waited for elsewhere in between costs nothing.
   *
   * @throws PortError `timeout` when the time is spent; whatever the work throws before.
   */
  spend<Out>(work: () => Promise<Out>): Promise<Out> {
    if (this.#isKept) return work();
    if (this.#isSpent) return Promise.reject(this.#refusal());
    const { timers, monotonicMs } = this.#given;
    const fromMs = monotonicMs();
    const done = new AbortController();
    return new Promise<Out>((resolve, reject) => {
      const over = timers.sleep(this.#leftMs, done.signal).then(() => {
        if (this.#isKept) return;
        this.#isSpent = true;
        reject(this.#refusal());
      });
      // It is woken when the work is done.
      over.catch(() => undefined);
      void work()
        .then(resolve, reject)
        .finally(() => {
          this.#leftMs = Math.max(0, this.#leftMs - (monotonicMs() - fromMs));
          done.abort();
        });
    });
  }

  #refusal(): PortError {
    return new PortError('timeout', 'request', `nothing could be promised within ${this.#given.limitMs} ms`);
  }
}
