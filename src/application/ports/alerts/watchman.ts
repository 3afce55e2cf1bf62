import type { Noticed } from '../../../domain/alerts/alert-counts.ts';

/** Notices what an operator may want to know of, and raises an alert when it is enough. */
export interface Watchman {
  /** Counts one, at the cost of a look-up. Never throws, and never waits. */
  notice(noticed: Noticed): void;
}
