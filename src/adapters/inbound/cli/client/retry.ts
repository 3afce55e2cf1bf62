import type { IdSource } from '../../../../application/ports/id-source.ts';
import type { Timers } from '../../../../application/ports/timers.ts';
import { isPassing, Refused } from './failures.ts';

/** Most tries of one request. */
export const MAX_TRIES = 6;
/** Wait before the second try, in milliseconds; it doubles from try to try. */
const FIRST_WAIT_MS = 500;
/** Longest wait of our own choice, in milliseconds. */
const MAX_WAIT_MS = 8_000;
/** Longest wait that a server may ask for with `Retry-After`, in milliseconds. */
const MAX_ASKED_WAIT_MS = 60_000;

/** What a policy needs of the world. */
export interface RetryWorld {
  readonly timers: Timers;
  readonly ids: IdSource;
}

/** A wait that is about to begin. */
export interface RetryNotice {
  readonly error: Error;
  /** The number of tries that failed so far. */
  readonly failed: number;
  readonly waitMs: number;
}

/** What whoever waits reads meanwhile. */
export const waitText = ({ error, waitMs }: Pick<RetryNotice, 'error' | 'waitMs'>): string =>
  `[${error.message}; again in ${(waitMs / 1_000).toFixed(1)} s]`;

/**
 * The wait after the `failed`-th failure, in milliseconds: exponential, the upper half of it by chance, so that
 * clients which a server lost together do not come back together; never less than the server asked for.
 */
export function waitAfter(failed: number, error: unknown, ids: IdSource): number {
  const full = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (failed - 1));
  const own = Math.round(full * (0.5 + ids.fraction() / 2));
  const asked = error instanceof Refused ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(own, Math.min(asked, MAX_ASKED_WAIT_MS));
}

/**
 * Tries up to {@link MAX_TRIES} times: again after a network error, 429 or 503, never after another refusal.
 *
 * @throws the last error when it gives up; the signal's reason when it aborts a wait.
 */
export async function patiently<Answer>(
  world: RetryWorld,
  attempt: () => Promise<Answer>,
  options: { readonly onWait?: (notice: RetryNotice) => void; readonly signal?: AbortSignal } = {},
): Promise<Answer> {
  for (let failed = 1; ; failed += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error) || failed >= MAX_TRIES) throw error;
      const waitMs = waitAfter(failed, error, world.ids);
      options.onWait?.({ error, failed, waitMs });
      await world.timers.sleep(waitMs, options.signal);
    }
  }
}
