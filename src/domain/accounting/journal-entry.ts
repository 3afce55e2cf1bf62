import type { UserId } from '../identity/ids.ts';
import type { CreditMicros } from './credits.ts';

/** What a journal entry records. */
export type JournalKind =
  | 'grant'
  | 'lapse'
  | 'reserve'
  | 'settle'
  | 'release'
  | 'expire'
  | 'void'
  | 'adjust'
  | 'deduct'
  | 'uncollected';

/** How an entry moves an account's sums, in signed micro-credits. */
export interface AccountDelta {
  readonly available?: number;
  readonly held?: number;
  readonly charged?: number;
  readonly expired?: number;
  readonly granted?: number;
  readonly adjusted?: number;
}

/**
 * One fact, written once and never changed. Its id is deterministic (`<reservation>:settle`), so a
 * replay after a crash meets the duplicate key. Replaying all entries of an account gives its document back.
 */
export interface JournalEntry {
  readonly id: string;
  readonly atMs: number;
  readonly userId: UserId;
  readonly kind: JournalKind;
  readonly account: AccountDelta;
  /** How each touched grant's remaining amount moves, in signed micro-credits. */
  readonly grants: ReadonlyArray<{ readonly id: string; readonly remaining: number }>;
  readonly reservationId?: string;
  /** Amount that was owed but could not be taken. */
  readonly uncollectedMicros?: CreditMicros;
  /** Who did it, when a person or service did: a user id or `service`. */
  readonly actor?: string;
  readonly note?: string;
}
