import type { Timers } from '../../src/application/ports/timers.ts';

/**
 * Timers that let no time pass: a wait up to `limitMs` ends at once and is remembered, a longer one (a limit on
 * silence, say) ends only when it is called off.
 */
export class EagerTimers implements Timers {
  /** The waits that ended, in milliseconds, in order. */
  readonly waits: number[] = [];
  readonly #limitMs: number;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (delayMs <= this.#limitMs) {
      this.waits.push(delayMs);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      return;
    }
    await new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }
}
