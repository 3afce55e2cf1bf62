import type { Timers } from '../../../application/ports/timers.ts';

/** Longest delay that one system timer can wait, in milliseconds; a longer one fires at once. */
const MAX_DELAY_MS = 2_147_483_647;

/** Waits on the event loop's timers. */
export class SystemTimers implements Timers {
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        Math.min(Math.max(0, delayMs), MAX_DELAY_MS),
      );
      timer.unref();
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
