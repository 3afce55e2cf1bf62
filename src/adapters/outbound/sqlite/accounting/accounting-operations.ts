import type {
  ClosedHold,
  LedgerAct,
  UsageRecord,
} from '../../../../application/ports/accounting/reservation-ledger.ts';
import {
  type Adjustment,
  adjustCredit,
  adjustmentEntryId,
} from '../../../../domain/accounting/adjust-credit.ts';
import { CreditAccount, type ReserveRequest } from '../../../../domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../../../domain/accounting/credit-grant.ts';
import {
  type ClosingDecision,
  CreditReservation,
  type CreditReservationState,
} from '../../../../domain/accounting/credit-reservation.ts';
import type { CreditMicros } from '../../../../domain/accounting/credits.ts';
import { scaledEstimate } from '../../../../domain/accounting/estimate-scale.ts';
import { closeHold } from '../../../../domain/accounting/hold-closing.ts';
import { voidHold } from '../../../../domain/accounting/void-hold.ts';
import { withFacts } from '../../../../domain/audit/audit-record.ts';
import { DomainError } from '../../../../domain/domain-error.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { Transaction, WriterDatabase } from '../operation.ts';
import { storageFault } from '../store-fault.ts';
import type { Row } from './ledger-rows.ts';
import {
  insertReservation,
  isJournaled,
  loadAccount,
  loadReservation,
  loadUsage,
  scaleOf,
  storeEntry,
  storePosting,
  storeUsage,
  updateReservation,
} from './ledger-writes.ts';

/** Inputs of the ledger's operations; each names its time, since the writer has no clock. */
export interface ReserveInput {
  readonly userId: UserId;
  readonly request: Omit<ReserveRequest, 'scaledTokens'>;
  readonly nowMs: number;
}
export interface ReportInput {
  readonly id: string;
  readonly tokens: number | undefined;
  readonly success?: boolean | undefined;
  readonly nowMs: number;
}
export interface SweepInput {
  readonly nowMs: number;
  readonly limit: number;
}
export interface GrantInput {
  readonly userId: UserId;
  readonly grant: CreditGrant;
  readonly act: LedgerAct;
}
export interface AdjustInput {
  readonly userId: UserId;
  readonly change: Adjustment;
  readonly act: LedgerAct;
}
export interface DeductInput {
  readonly userId: UserId;
  readonly spend: { readonly id: string; readonly amountMicros: CreditMicros; readonly service: string };
  readonly act: LedgerAct;
}

/** The ledger's writes, by name. */
export const ACCOUNTING_OPERATIONS = {
  'accounting.reserve': reserve,
  'accounting.extend': extend,
  'accounting.settle': settle,
  'accounting.release': release,
  'accounting.expire-due': expireDue,
  'accounting.grant': grant,
  'accounting.adjust': adjust,
  'accounting.deduct': deduct,
  'accounting.record-usage': recordUsage,
};

function reserve(db: WriterDatabase, { userId, request, nowMs }: ReserveInput): CreditReservationState {
  const stored = loadReservation(db, request.id);
  if (stored !== undefined) {
    CreditReservation.restore(stored).requireSameRequest({ ...request, userId });
    return stored;
  }
  const account = loadAccount(db, userId);
  const scaledTokens = scaledEstimate(request.estimatedTokens, scaleOf(account, request.modelId));
  const posting = CreditAccount.restore(account.state).reserve({ ...request, scaledTokens }, nowMs);
  const reservation = posting.reservation.snapshot();
  storePosting(db, account, posting);
  insertReservation(db, reservation);
  return reservation;
}

function extend(
  db: WriterDatabase,
  { id, tokens = 0, nowMs }: ReportInput,
): CreditReservationState | undefined {
  const stored = loadReservation(db, id);
  if (stored === undefined) throw reservationNotFound();
  const extended = CreditReservation.restore(stored).extend(tokens, nowMs)?.snapshot();
  if (extended !== undefined) updateReservation(db, extended);
  return extended;
}

function settle(db: WriterDatabase, { id, tokens = 0, success, nowMs }: ReportInput): ClosedHold {
  const stored = loadReservation(db, id);
  if (stored === undefined || stored.state === 'voided') throw reservationNotFound();
  return close(db, CreditReservation.restore(stored).settle(tokens, nowMs, success), nowMs);
}

function release(db: WriterDatabase, { id, tokens, nowMs }: ReportInput): ClosedHold | 'unknown' {
  const stored = loadReservation(db, id);
  if (stored === undefined) {
    const { reservation, entry } = voidHold(id, nowMs);
    insertReservation(db, reservation);
    storeEntry(db, entry);
    return 'unknown';
  }
  if (stored.state === 'voided') return 'unknown';
  return close(db, CreditReservation.restore(stored).release(tokens, nowMs), nowMs);
}

/** What a sweep has done, and the first thing that it could not do. */
export interface Swept {
  readonly holds: number;
  readonly grants: number;
  readonly broken?: string;
}

function expireDue(db: WriterDatabase, { nowMs, limit }: SweepInput): Swept {
  const due = db
    .prepare(
      `SELECT id FROM reservations WHERE state = 'open' AND expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?`,
    )
    .all(nowMs, limit);
  const holds = eachApart(db, due, ({ id }) => {
    const stored = loadReservation(db, id as string);
    const decision = stored && CreditReservation.restore(stored).expire(nowMs);
    if (decision === undefined) return 0;
    close(db, decision, nowMs);
    return 1;
  });
  const owners = db
    .prepare(
      'SELECT DISTINCT user_id FROM grants WHERE remaining_micros > 0 AND expires_at_ms <= ? ORDER BY user_id LIMIT ?',
    )
    .all(nowMs, limit);
  const grants = eachApart(db, owners, ({ user_id: userId }) => {
    const account = loadAccount(db, userId as UserId);
    const posting = CreditAccount.restore(account.state).lapse(nowMs);
    storePosting(db, account, posting);
    return posting.entries.length;
  });
  const broken = holds.broken ?? grants.broken;
  return { holds: holds.done, grants: grants.done, ...(broken === undefined ? {} : { broken }) };
}

/** Does something for each row; what it wrote for one that it fails for is taken back, and the others go on. */
function eachApart(
  db: WriterDatabase,
  rows: readonly Row[],
  act: (row: Row) => number,
): { readonly done: number; readonly broken?: string } {
  let done = 0;
  let broken: string | undefined;
  for (const row of rows) {
    db.prepare('SAVEPOINT one_of_many').run();
    try {
      done += act(row);
    } catch (error) {
      if (storageFault(error) !== undefined) throw error;
      db.prepare('ROLLBACK TO one_of_many').run();
      broken ??= `${Object.values(row).join()}: ${error instanceof Error ? error.message : String(error)}`;
    }
    db.prepare('RELEASE one_of_many').run();
  }
  return { done, ...(broken === undefined ? {} : { broken }) };
}

function grant(db: Transaction, { userId, grant: given, act }: GrantInput): void {
  if (isJournaled(db, `${given.id}:grant`)) return;
  const account = loadAccount(db, userId);
  storePosting(db, account, CreditAccount.restore(account.state).grant(given, act));
  db.audit(act.audit);
}

function adjust(
  db: Transaction,
  { userId, change, act }: AdjustInput,
): { previousMicros: CreditMicros; newMicros: CreditMicros } {
  const loaded = loadAccount(db, userId);
  const account = CreditAccount.restore(loaded.state);
  if (isJournaled(db, adjustmentEntryId(change.id))) {
    const standing = account.availableAt(act.nowMs);
    return { previousMicros: standing, newMicros: standing };
  }
  const posting = adjustCredit(account, change, act);
  storePosting(db, loaded, posting);
  const { previousMicros } = posting;
  const newMicros = posting.account.snapshot().availableMicros;
  db.audit(act.audit?.map((record) => withFacts(record, { previousMicros, newMicros })));
  return { previousMicros, newMicros };
}

function deduct(db: Transaction, { userId, spend, act }: DeductInput): void {
  const entryId = `${spend.id}:deduct`;
  if (isJournaled(db, entryId)) return;
  const account = loadAccount(db, userId);
  storePosting(db, account, CreditAccount.restore(account.state).deduct(spend.amountMicros, entryId, act));
  storeUsage(db, {
    id: `${spend.id}:usage`,
    userId,
    service: spend.service,
    tokens: 0,
    chargeMicros: spend.amountMicros,
    atMs: act.nowMs,
  });
  db.audit(act.audit);
}

function recordUsage(db: WriterDatabase, record: UsageRecord): UsageRecord {
  storeUsage(db, record);
  return loadUsage(db, record.id) ?? record;
}

function close(db: WriterDatabase, decision: ClosingDecision, nowMs: number): ClosedHold {
  const { userId, modelId, parts } = decision.reservation.snapshot();
  const account = loadAccount(
    db,
    userId,
    parts.map((part) => part.grantId),
  );
  const closing = closeHold(account.state, decision, scaleOf(account, modelId), nowMs);
  const { reservation, expiredBefore, repeated, uncollectedMicros, scale } = closing;
  if (!repeated) {
    const scales = scale === undefined ? account.scales : { ...account.scales, [modelId]: scale };
    const posting = { account: CreditAccount.restore(closing.account), entries: closing.entries };
    storePosting(db, account, posting, scales);
    updateReservation(db, reservation);
    if (closing.usage !== undefined) storeUsage(db, closing.usage);
  }
  return { reservation, expiredBefore, repeated, uncollectedMicros };
}

const reservationNotFound = (): DomainError =>
  new DomainError('reservation.not_found', 'There is no such streaming session');
