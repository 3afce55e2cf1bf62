import type { Alert, AlertRaise } from '../../../domain/alerts/alert.ts';

/** Most alerts that are kept; with each one more the one that was changed longest ago is forgotten. */
export const MAX_ALERTS = 10_000;

/**
 * Keeps alerts, those of all nodes in one order. Whoever reads on from the last `seq` misses none, and reads one again
 * that has been counted on since. Durable when it resolves.
 *
 * @throws PortError `unavailable` when nothing was written; `timeout` when that is unknown: whoever raises the same once
 *   more may have it counted twice.
 */
export interface AlertLog {
  /**
   * Counts into the alert of this kind and principal whose window is open, or adds one. Of any number that race, on any
   * nodes, one adds it and the others are counted into it.
   *
   * @returns the alert after that.
   */
  raise(raise: AlertRaise): Promise<Alert>;
  /** At most `limit` alerts after a `seq`, in the order of `seq`. */
  list(page: { readonly after: number; readonly limit: number }): Promise<readonly Alert[]>;
}
