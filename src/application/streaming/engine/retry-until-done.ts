import type { IdSource } from '../../ports/id-source.ts';
import type { Timers } from '../../ports/timers.ts';

/** First wait between two tries, in milliseconds. */
export const RETRY_FIRST_MS = 100;
/** Longest wait between two tries, in milliseconds. */
export const RETRY_LONGEST_MS = 5_000;

/** The wait before try number `attempt` (from 1): exponential, half of it chance, so that many do not try at once. */
export function retryDelayMs(attempt: number, ids: IdSource): number {
  const fullMs = Math.min(RETRY_LONGEST_MS, RETRY_FIRST_MS * 2 ** Math.min(attempt - 1, 10));
  return fullMs / 2 + (fullMs / 2) * ids.fraction();
}

/**
 * Tries something until it does not throw; for work that has no caller left to tell and must not be given up.
 * Ends early, without a result, when the signal aborts.
 */
export async function retryUntilDone(
  work: () => Promise<void>,
  deps: { timers: Timers; ids: IdSource; onFailure: (error: unknown, attempt: number) => void },
  signal?: AbortSignal,
): Promise<void> {
  for (let attempt = 1; !signal?.aborted; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      deps.onFailure(error, attempt);
      await deps.timers.sleep(retryDelayMs(attempt, deps.ids), signal).catch(() => undefined);
    }
  }
}
