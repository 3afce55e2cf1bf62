import type { CreditAccountState, ReserveRequest } from '../../../domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../../domain/accounting/credit-grant.ts';
import type { CreditReservationState } from '../../../domain/accounting/credit-reservation.ts';
import type { CreditMicros } from '../../../domain/accounting/credits.ts';
import type { JournalEntry } from '../../../domain/accounting/journal-entry.ts';
import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import type { UserId } from '../../../domain/identity/ids.ts';

/** An entry of the journal with its place in it; cursors count up and never repeat. */
export interface JournalRow {
  readonly cursor: number;
  readonly entry: JournalEntry;
}

/** One record per settlement, visible as soon as the settlement is. */
export interface UsageRecord {
  readonly id: string;
  readonly userId: UserId;
  /** What was used: `chat-streaming` for streams, the caller's word for recorded usage. */
  readonly service: string;
  readonly modelId?: string;
  readonly streamId?: string;
  readonly tokens: number;
  readonly chargeMicros: CreditMicros;
  readonly atMs: number;
}

/** What closing a hold came to. */
export interface ClosedHold {
  readonly reservation: CreditReservationState;
  /** True when expiry had closed it before this first report. */
  readonly expiredBefore: boolean;
  /** True when this call changed nothing. */
  readonly repeated: boolean;
  /** Owed above the hold, or beyond what expiry knew of; journaled once, never taken. Zero for a repeat. */
  readonly uncollectedMicros: CreditMicros;
}

/** Who acts on an account, and why. */
export interface LedgerAct {
  readonly nowMs: number;
  readonly actor: string;
  readonly note?: string;
  /**
   * Records for the audit log, stored with the act, and not with a repeat that changes nothing. An adjustment adds what it
   * came to: `previousMicros`, `newMicros`.
   */
  readonly audit?: readonly AuditRecord[];
}

/**
 * The credit ledger. Each method is one atomic, durable write (synchronous to disk or acknowledged by a
 * majority) that applies the domain's decision together with its journal entries and usage record: two racing
 * callers see one after the other. Rules and refusals are the domain's (`CreditAccount`, `CreditReservation`),
 * thrown as its DomainErrors; the account of a user who was never granted anything is empty.
 *
 * @throws PortError `unavailable` when nothing was written, `timeout` when the outcome is unknown: repeat with
 *   the same ids.
 */
export interface ReservationLedger {
  /**
   * Opens a hold, keyed by the request's id. A repeat with the same user, model and estimate returns the
   * stored reservation, however long it is over; the scaled estimate is made here from the user's past shortfalls on this
   * model.
   *
   * @throws DomainError `credit.insufficient`, `credit.account_busy`, `reservation.changed`, `reservation.voided`.
   */
  reserve(
    userId: UserId,
    request: Omit<ReserveRequest, 'scaledTokens'>,
    nowMs: number,
  ): Promise<CreditReservationState>;
  /**
   * Renews an open hold with a checkpoint; undefined when it is not open any more, voided ids included.
   *
   * @throws DomainError `reservation.not_found`.
   */
  extend(id: string, tokensSoFar: number, nowMs: number): Promise<CreditReservationState | undefined>;
  /**
   * Charges the actual usage, refunds the rest, writes the usage record. A shortfall raises this user's scale
   * for this model.
   *
   * @throws DomainError `reservation.not_found` (voided ids included), `reservation.changed`.
   */
  settle(id: string, tokens: number, success: boolean | undefined, nowMs: number): Promise<ClosedHold>;
  /**
   * Charges what was produced before the abort and refunds the rest; writes a usage record when that is anything.
   * `unknown`: there was no such id; it is now voided, and a reserve that arrives later is refused.
   *
   * @throws DomainError `reservation.changed`.
   */
  release(id: string, tokens: number | undefined, nowMs: number): Promise<ClosedHold | 'unknown'>;
  /**
   * Closes at most `limit` holds whose time is over, each settled to its checkpoint, and lapses the expired grants
   * of at most `limit` accounts. The counts are of what this call did: `limit` or more says that there may be more.
   * Any number of sweepers may race: each hold is closed once. One that cannot be closed, such as of a damaged row, keeps
   * no other from it: the call fails when it has done what it could.
   */
  expireDue(nowMs: number, limit: number): Promise<{ readonly holds: number; readonly grants: number }>;
  /**
   * Gives credit; a repeat with the same grant id changes nothing. An id of a grant, a change or a spend is never used
   * for two accounts.
   *
   * @throws DomainError `credit.out_of_range`, `credit.account_busy`.
   */
  grant(userId: UserId, grant: CreditGrant, act: LedgerAct): Promise<CreditAccountState>;
  /**
   * Sets or moves the available credit in one write, never below zero. Growth becomes a grant of source
   * `adjustment` with the change's id. A repeat with the same id changes nothing and shows the credit as it stands.
   */
  adjust(
    userId: UserId,
    change: {
      readonly id: string;
      readonly target: { readonly to: CreditMicros } | { readonly by: number };
      readonly expiresAtMs: number;
    },
    act: LedgerAct,
  ): Promise<{ readonly previousMicros: CreditMicros; readonly newMicros: CreditMicros }>;
  /**
   * Spends at once and writes a usage record. A repeat with the same id changes nothing.
   *
   * @throws DomainError `credit.insufficient`.
   */
  deduct(
    userId: UserId,
    spend: { readonly id: string; readonly amountMicros: CreditMicros; readonly service: string },
    act: LedgerAct,
  ): Promise<CreditAccountState>;
  /** Writes a usage record that moves no credit and returns what is stored: for a repeat with the same id, the first. */
  recordUsage(record: UsageRecord): Promise<UsageRecord>;

  /** An account as it stands; grants that have expired by `nowMs` are shown as lapsed. */
  account(userId: UserId, nowMs: number): Promise<CreditAccountState>;
  /** All grants, newest first, of one user or of all, paged. */
  grants(query: { readonly userId?: UserId; readonly offset: number; readonly limit: number }): Promise<{
    readonly rows: ReadonlyArray<{ readonly userId: UserId; readonly grant: CreditGrant }>;
    readonly total: number;
  }>;
  reservation(id: string): Promise<CreditReservationState | undefined>;
  /** Reservations, newest first: only open ones, or all; voided ids are none. */
  reservations(query: {
    readonly userId?: UserId;
    readonly openOnly: boolean;
    readonly limit: number;
  }): Promise<readonly CreditReservationState[]>;
  /** Usage records, newest first. */
  usage(query: { readonly userId?: UserId; readonly limit: number }): Promise<readonly UsageRecord[]>;
  /**
   * Sums of the usage records since a time, grouped and ordered by key; days are UTC dates (`2026-01-31`), and
   * records without a model are in no group of `byModel`.
   */
  usageTotals(query: { readonly userId?: UserId; readonly sinceMs: number }): Promise<UsageTotals>;
  /** The journal after a cursor, oldest first. */
  journal(query: { readonly afterCursor: number; readonly limit: number }): Promise<readonly JournalRow[]>;
}

/** One group of usage. */
export interface UsageGroup {
  readonly key: string;
  readonly records: number;
  readonly tokens: number;
  readonly chargeMicros: CreditMicros;
}

/** Usage summed up. */
export interface UsageTotals {
  readonly records: number;
  readonly tokens: number;
  readonly chargeMicros: CreditMicros;
  readonly byService: readonly UsageGroup[];
  readonly byDay: readonly UsageGroup[];
  readonly byModel: readonly UsageGroup[];
}
