import type { LoginEnd } from './login-ends.ts';

/**
 * How long a stored end is told to who asks, in milliseconds: 20 minutes. No access token lives longer than 15, so who
 * has heard nothing for longer than this has no token of before left to refuse.
 */
export const REVOCATION_KEPT_MS = 1_200_000;

/** One stored end. */
export interface Revocation {
  /** Grows by 1 with each end, in the order in which they were committed, and is never given twice. */
  readonly sequence: number;
  /** When it ended, in Unix milliseconds; never before the one that it follows. */
  readonly atMs: number;
  readonly end: LoginEnd;
}

/** From where to where the log reaches. */
export interface RevocationRange {
  /** The last sequence that is kept no more, 0 while nothing was forgotten: whoever reads all begins after it. */
  readonly floor: number;
  /** The last sequence given, 0 before the first. */
  readonly head: number;
}

/**
 * The ends of logins and keys as they are stored, for whoever was not there when they were told. The stores of sessions,
 * keys and users write it in the transaction that ends something: an end is here if and only if it is stored, one entry
 * for each session and key, and one for the user when his account was closed, or changed in a way that ends logins.
 *
 * A reader that asks `after` the last sequence it has seen, again and again, misses nothing: no entry appears before one
 * that was read already. Entries are kept for `REVOCATION_KEPT_MS` at least, and forgotten from the oldest on as others
 * are written.
 */
export interface RevocationLog {
  /**
   * At most `limit` entries that follow, oldest first; none when that was the last. `lost` when some that follow are
   * kept no more, or when this log never gave that sequence: then the reader knows less than it believes.
   *
   * @throws PortError `unavailable` when the store cannot be read.
   */
  after(sequence: number, limit: number): Promise<readonly Revocation[] | 'lost'>;
  /** @throws PortError `unavailable` when the store cannot be read. */
  range(): Promise<RevocationRange>;
}
