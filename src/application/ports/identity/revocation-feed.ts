import type { Revocation } from './revocation-log.ts';

/** Longest silence of the feed, in milliseconds: half of what a listener may rely on. */
export const FEED_HEARTBEAT_MS = 500;

/** One thing that auth tells a listener. */
export type RevocationNews =
  /** Something has ended. */
  | { readonly kind: 'ended'; readonly revocation: Revocation }
  /** Ends were missed that are kept no more: what was believed before counts for nothing. It goes on after `sequence`. */
  | { readonly kind: 'reset'; readonly sequence: number }
  /** Everything that was stored a moment ago has been told. It comes at least every second. */
  | { readonly kind: 'caught-up' };

/** What auth tells the services that run apart from it. */
export interface RevocationFeed {
  /**
   * One connection: what followed `after` (everything that is kept when undefined), then everything that follows, in
   * order and without a gap. It goes on until the signal aborts.
   *
   * @throws PortError `unavailable` when it cannot be had, breaks, or says what cannot be understood; the signal's
   *   reason when it aborts.
   */
  follow(after: number | undefined, signal: AbortSignal): AsyncIterable<readonly RevocationNews[]>;
}
