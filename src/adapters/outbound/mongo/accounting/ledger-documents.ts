import type { UsageRecord } from '../../../../application/ports/accounting/reservation-ledger.ts';
import { CreditAccount, type CreditAccountState } from '../../../../domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../../../domain/accounting/credit-grant.ts';
import type { CreditReservationState } from '../../../../domain/accounting/credit-reservation.ts';
import type { JournalEntry } from '../../../../domain/accounting/journal-entry.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { PendingAuditDocument } from '../audit/audit-documents.ts';

export const ACCOUNTS = 'accounts';
export const RESERVATIONS = 'reservations';
export const JOURNAL = 'journal';
export const USAGE = 'usage';
export const GRANTS = 'grants';

/** What one operation has to tell the other collections: stored with the account, and handed on by the pump. */
export interface OutboxItem {
  /** Counts up within the account. */
  readonly seq: number;
  readonly atMs: number;
  readonly entries: readonly JournalEntry[];
  readonly usage?: UsageRecord;
  /** Grants that are new, or that the account forgets because nothing is left of them. */
  readonly grants?: readonly CreditGrant[];
  /** Signed, as they are to wait for the audit log. */
  readonly audit?: readonly PendingAuditDocument[];
}

/**
 * One account, and everything that a decision about it needs. `version` counts the decisions: each replaces the one
 * that it was made from, or nothing. Handing on the outbox does not count, since no decision rests on it.
 */
export interface AccountDocument {
  readonly _id: UserId;
  readonly version: number;
  readonly sums: Omit<CreditAccountState, 'userId' | 'grants'>;
  /** Grants with credit, or with a share in an open hold, by `keyOf` their ids. */
  readonly grants: Readonly<Record<string, CreditGrant>>;
  /** Open holds, and those that were closed lately, by `keyOf` their ids. */
  readonly holds: Readonly<Record<string, CreditReservationState>>;
  /** The scales of this user's estimates, by `keyOf` the model. */
  readonly scales: Readonly<Record<string, number>>;
  readonly outbox: readonly OutboxItem[];
  /** The last `seq` that was ever put into the outbox. */
  readonly outboxTail: number;
  /** Whether the outbox may hold anything. */
  readonly pending: boolean;
  /** When the first open hold is over; null when none is open. */
  readonly nextDueAtMs: number | null;
  /** When the first grant with credit expires; null when there is none. */
  readonly nextLapseAtMs: number | null;
  /** Marks of the last writes, by which a writer finds its own after a lost answer. */
  readonly writers: readonly string[];
}

/**
 * The claim of a reservation's id, made before its hold: whoever inserts it owns the id. Holds are found by it, and
 * one that its account has forgotten is kept in it.
 */
export interface ReservationDocument {
  readonly _id: string;
  /** Whose account has, or will have, the hold; `NOBODY` for an id that was voided before any reserve came. */
  readonly userId: UserId;
  readonly openedAtMs: number;
  /** The reservation after its end, once the account forgets it. */
  readonly closed?: CreditReservationState;
  /** True until the journal has the void of this id. */
  readonly unjournaled?: true;
}

/** Entries that were appended together; their cursors follow from their places. */
export interface JournalDocument {
  readonly _id: number;
  readonly entries: readonly JournalEntry[];
}

/** Cursors of one document of the journal, which has fewer entries. */
export const CURSORS_PER_DOCUMENT = 1_024;

/** The cursor of an entry, by the number of its document and its place in it. */
export const journalCursor = (number: number, place: number): number =>
  number * CURSORS_PER_DOCUMENT + place + 1;

/** A usage record; its `_id` is the record's. */
export type UsageDocument = Omit<UsageRecord, 'id'> & { readonly _id: string };

/** A grant as it was given, or as it was when the account forgot it. */
export interface GrantDocument {
  readonly _id: string;
  readonly userId: UserId;
  readonly grant: CreditGrant;
  /** The outbox item that it comes from: a later one goes before an earlier one. */
  readonly seq: number;
}

/** An id as the name of a field: without the dots and dollars that mean something in one. */
export const keyOf = (id: string): string => encodeURIComponent(id).replaceAll('.', '%2E');

/** The account of a user whom the database does not know. */
export function emptyDocument(userId: UserId): AccountDocument {
  const { userId: _id, grants: _grants, ...sums } = CreditAccount.empty(userId).snapshot();
  return {
    _id,
    version: 0,
    sums,
    grants: {},
    holds: {},
    scales: {},
    outbox: [],
    outboxTail: 0,
    pending: false,
    nextDueAtMs: null,
    nextLapseAtMs: null,
    writers: [],
  };
}

/** The account's state as the domain knows it. */
export const accountState = (document: AccountDocument): CreditAccountState => ({
  userId: document._id,
  ...document.sums,
  grants: Object.values(document.grants),
});

/** A stored usage record, as readers see it. */
export function usageFrom(document: UsageDocument): UsageRecord {
  const { _id, userId, service, modelId, streamId, tokens, chargeMicros, atMs } = document;
  return {
    id: _id,
    userId,
    service,
    ...(modelId === undefined ? {} : { modelId }),
    ...(streamId === undefined ? {} : { streamId }),
    tokens,
    chargeMicros,
    atMs,
  };
}
