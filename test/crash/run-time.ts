import { setTimeout as sleep } from 'node:timers/promises';
import { BrokenByCrash } from './broken-by-crash.ts';

/** How long what was begun before the last blow may take to come to its end, in milliseconds. */
const END_WITHIN_MS = 90_000;
/** How long calls may take to notice that what they wait for has been taken down, in milliseconds. */
const NOTICE_WITHIN_MS = 15_000;

/**
 * The time of a run of blows. When it is over no further blow is dealt; what cannot come to its end even then is given
 * up, with the name of what it did, and taken down, so that nothing of a run goes on beside what comes after it.
 */
export class RunTime {
  readonly #startedAt = performance.now();
  readonly #withinMs: number;
  readonly #endWithinMs: number;
  readonly #givenUp = new AbortController();
  #doing = 'the start';

  /** `withinMs` is for the blows; without it they take as long as they take. */
  constructor(withinMs = Number.POSITIVE_INFINITY, endWithinMs = END_WITHIN_MS) {
    this.#withinMs = withinMs;
    this.#endWithinMs = endWithinMs;
  }

  get isOver(): boolean {
    return performance.now() - this.#startedAt >= this.#withinMs;
  }

  /** Names what is being done. @throws BrokenByCrash when the run has been given up. */
  doing(what: string): void {
    if (this.#givenUp.signal.aborted) throw this.#givenUp.signal.reason;
    this.#doing = what;
  }

  /**
   * Runs it, and takes down what it works on afterwards, whatever came of it. `takeDown` is called once more when it
   * went on after the first time, since it may have started something then.
   *
   * @throws BrokenByCrash when it had to be given up.
   */
  async hold<T>(run: () => Promise<T>, takeDown: () => Promise<void>): Promise<T> {
    const work = run();
    const quiet = work.catch(() => undefined);
    const timer = Number.isFinite(this.#withinMs)
      ? setTimeout(() => this.#giveUp(), this.#withinMs + this.#endWithinMs)
      : undefined;
    const givenUp = new Promise<never>((_, reject) => {
      this.#givenUp.signal.addEventListener('abort', () => reject(this.#givenUp.signal.reason));
    });
    try {
      return await Promise.race([work, givenUp]);
    } finally {
      clearTimeout(timer);
      await takeDown();
      if (this.#givenUp.signal.aborted) {
        await Promise.race([quiet, sleep(NOTICE_WITHIN_MS, undefined, { ref: false })]);
        await takeDown();
      }
    }
  }

  #giveUp(): void {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000);
    this.#givenUp.abort(
      new BrokenByCrash(`the run comes to its end: after ${seconds} s it was still at ${this.#doing}`),
    );
  }
}
