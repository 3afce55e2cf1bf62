import type { Ticker } from './ticker.ts';

/** The waits of one stream, one after another, with a single listener for its abort. */
export class Pause {
  readonly #ticker: Ticker;
  readonly #signal: AbortSignal;
  #callOff: (() => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(ticker: Ticker, signal: AbortSignal) {
    this.#ticker = ticker;
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Resolves at `dueMs` of the ticker's clock; rejects at once with the signal's reason when it aborts first. */
  until(dueMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      this.#callOff = this.#ticker.at(dueMs, resolve);
    });
  }

  /** Takes the listener away. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#callOff?.();
    this.#reject?.(this.#signal.reason);
  };
}
