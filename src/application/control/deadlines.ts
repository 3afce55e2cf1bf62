import type { Clock } from '../ports/clock.ts';
import type { Timers } from '../ports/timers.ts';

interface Deadline {
  readonly atMs: number;
  /** Absent once it has ended. */
  pass: (() => void) | undefined;
}

/** Ended ones at the front of the line that are taken out of it together. */
const TAKEN_OUT_TOGETHER = 1_024;

/** Ends what takes longer than one limit that all have, each from its own moment on, with one timer for all of them. */
export class Deadlines {
  readonly #limitMs: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  /**
   * In the order of their deadlines; those before `#first` have ended. No set: each of the tables that a busy one leaves
   * behind would keep what it had, whole events, until all of the memory is collected.
   */
  #line: Deadline[] = [];
  #first = 0;
  #isWaiting = false;
  /** Until when the sleep goes that is under way, and what ends it. */
  #sleep: { readonly untilMs: number; readonly wake: () => void } | undefined;

  /** @param limitMs how long each may take, in milliseconds. */
  constructor(deps: { readonly clock: Clock; readonly timers: Timers }, limitMs: number) {
    this.#limitMs = limitMs;
    this.#clock = deps.clock;
    this.#timers = deps.timers;
  }

  /**
   * Begins one.
   *
   * @param pass called when its time is over, unless the returned function was called before; at once where it is over
   *   already.
   * @param sinceMs from when on its time counts, which is now unless it has waited for something before.
   */
  begin(pass: () => void, sinceMs?: number): () => void {
    const nowMs = this.#clock.nowMs();
    const deadline: Deadline = { atMs: (sinceMs ?? nowMs) + this.#limitMs, pass };
    if (deadline.atMs <= nowMs) {
      pass();
      return () => undefined;
    }
    this.#place(deadline);
    if (!this.#isWaiting) void this.#watch();
    else if (this.#sleep !== undefined && deadline.atMs < this.#sleep.untilMs) this.#sleep.wake();
    return () => {
      deadline.pass = undefined;
      this.#forgetEnded();
    };
  }

  /** What comes of some work that never rejects; at the deadline what `late` gives, whatever comes of it after. */
  race<Result>(work: Promise<Result>, late: () => Result, sinceMs?: number): Promise<Result> {
    return new Promise((resolve) => {
      const end = this.begin(() => resolve(late()), sinceMs);
      void work.then((result) => {
        end();
        resolve(result);
      });
    });
  }

  /** Most come in the order of their deadlines; what has waited before goes in front of those that are later. */
  #place(deadline: Deadline): void {
    const line = this.#line;
    let [from, to] = [this.#first, line.length];
    if ((line[to - 1]?.atMs ?? 0) <= deadline.atMs) from = to;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((line[middle]?.atMs ?? 0) <= deadline.atMs) from = middle + 1;
      else to = middle;
    }
    if (from === line.length) line.push(deadline);
    else line.splice(from, 0, deadline);
  }

  async #watch(): Promise<void> {
    this.#isWaiting = true;
    for (;;) {
      this.#forgetEnded();
      const first = this.#line[this.#first];
      if (first === undefined) break;
      const leftMs = first.atMs - this.#clock.nowMs();
      if (leftMs > 0) {
        await this.#sleepUntil(first.atMs, leftMs);
        continue;
      }
      const { pass } = first;
      first.pass = undefined;
      pass?.();
    }
    this.#isWaiting = false;
  }

  /** Until the time is over, or one begins that ends sooner. */
  async #sleepUntil(untilMs: number, leftMs: number): Promise<void> {
    const woken = new AbortController();
    this.#sleep = { untilMs, wake: () => woken.abort() };
    await this.#timers.sleep(leftMs, woken.signal).catch(() => undefined);
    this.#sleep = undefined;
  }

  #forgetEnded(): void {
    while (this.#first < this.#line.length && this.#line[this.#first]?.pass === undefined) this.#first += 1;
    if (this.#first === this.#line.length) this.#line = [];
    else if (this.#first < TAKEN_OUT_TOGETHER) return;
    else this.#line = this.#line.slice(this.#first);
    this.#first = 0;
  }
}
