import type {
  ClosedHold,
  JournalRow,
  LedgerAct,
  ReservationLedger,
  UsageRecord,
  UsageTotals,
} from '../../../../application/ports/accounting/reservation-ledger.ts';
import type { Adjustment } from '../../../../domain/accounting/adjust-credit.ts';
import {
  CreditAccount,
  type CreditAccountState,
  type ReserveRequest,
} from '../../../../domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../../../domain/accounting/credit-grant.ts';
import type { CreditReservationState } from '../../../../domain/accounting/credit-reservation.ts';
import type { CreditMicros } from '../../../../domain/accounting/credits.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { InvariantViolation } from '../../../../domain/invariant.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import type {
  AdjustInput,
  DeductInput,
  GrantInput,
  ReportInput,
  ReserveInput,
  SweepInput,
  Swept,
} from './accounting-operations.ts';
import {
  GRANT_COLUMNS,
  grantFrom,
  journalRowFrom,
  RESERVATION_COLUMNS,
  reservationFrom,
  USAGE_COLUMNS,
  usageFrom,
} from './ledger-rows.ts';
import { loadAccount, loadReservation } from './ledger-writes.ts';
import { usageTotals } from './usage-totals.ts';

/**
 * The ledger in the embedded store. Each write is one operation of the writer, which decides and writes in one
 * transaction, committed to disk together with whatever else is waiting. Closing a hold must succeed on a full
 * disk too.
 */
export class SqliteReservationLedger implements ReservationLedger {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  reserve(
    userId: UserId,
    request: Omit<ReserveRequest, 'scaledTokens'>,
    nowMs: number,
  ): Promise<CreditReservationState> {
    const input: ReserveInput = { userId, request, nowMs };
    return this.#store.write('accounting.reserve', input, 'full');
  }

  extend(id: string, tokensSoFar: number, nowMs: number): Promise<CreditReservationState | undefined> {
    const input: ReportInput = { id, tokens: tokensSoFar, nowMs };
    return this.#store.write('accounting.extend', input, 'full');
  }

  settle(id: string, tokens: number, success: boolean | undefined, nowMs: number): Promise<ClosedHold> {
    const input: ReportInput = { id, tokens, success, nowMs };
    return this.#store.write('accounting.settle', input, 'full', 'essential');
  }

  release(id: string, tokens: number | undefined, nowMs: number): Promise<ClosedHold | 'unknown'> {
    const input: ReportInput = { id, tokens, nowMs };
    return this.#store.write('accounting.release', input, 'full', 'essential');
  }

  async expireDue(
    nowMs: number,
    limit: number,
  ): Promise<{ readonly holds: number; readonly grants: number }> {
    const input: SweepInput = { nowMs, limit };
    const { holds, grants, broken } = await this.#store.write<Swept>(
      'accounting.expire-due',
      input,
      'full',
      'essential',
    );
    if (broken !== undefined) throw new InvariantViolation(`not all that is due could be expired: ${broken}`);
    return { holds, grants };
  }

  async grant(userId: UserId, grant: CreditGrant, act: LedgerAct): Promise<CreditAccountState> {
    const input: GrantInput = { userId, grant, act };
    await this.#store.write('accounting.grant', input, 'full');
    return this.account(userId, act.nowMs);
  }

  adjust(
    userId: UserId,
    change: Adjustment,
    act: LedgerAct,
  ): Promise<{ readonly previousMicros: CreditMicros; readonly newMicros: CreditMicros }> {
    const input: AdjustInput = { userId, change, act };
    return this.#store.write('accounting.adjust', input, 'full');
  }

  async deduct(
    userId: UserId,
    spend: { readonly id: string; readonly amountMicros: CreditMicros; readonly service: string },
    act: LedgerAct,
  ): Promise<CreditAccountState> {
    const input: DeductInput = { userId, spend, act };
    await this.#store.write('accounting.deduct', input, 'full');
    return this.account(userId, act.nowMs);
  }

  recordUsage(record: UsageRecord): Promise<UsageRecord> {
    return this.#store.write('accounting.record-usage', record, 'full');
  }

  account(userId: UserId, nowMs: number): Promise<CreditAccountState> {
    return this.#store.read((db) => {
      const held = db
        .prepare(HELD_GRANTS)
        .all(userId)
        .map((row) => row.grant_id as string);
      const account = CreditAccount.restore(loadAccount(db, userId, held).state);
      const state = account.lapse(nowMs).account.snapshot();
      const grants = state.grants.filter((grant) => grant.remainingMicros > 0 || held.includes(grant.id));
      return { ...state, grants };
    });
  }

  grants(query: { readonly userId?: UserId; readonly offset: number; readonly limit: number }): Promise<{
    readonly rows: ReadonlyArray<{ readonly userId: UserId; readonly grant: CreditGrant }>;
    readonly total: number;
  }> {
    const [where, owner] = ownedBy(query.userId);
    return this.#store.read((db) => {
      const rows = db
        .prepare(
          `SELECT ${GRANT_COLUMNS} FROM grants ${where} ORDER BY granted_at_ms DESC, id DESC LIMIT ? OFFSET ?`,
        )
        .all(...owner, query.limit, query.offset);
      const counted = db.prepare(`SELECT count(*) AS total FROM grants ${where}`).get(...owner);
      return {
        rows: rows.map((row) => ({ userId: row.user_id as UserId, grant: grantFrom(row) })),
        total: counted?.total as number,
      };
    });
  }

  reservation(id: string): Promise<CreditReservationState | undefined> {
    return this.#store.read((db) => loadReservation(db, id));
  }

  reservations(query: {
    readonly userId?: UserId;
    readonly openOnly: boolean;
    readonly limit: number;
  }): Promise<readonly CreditReservationState[]> {
    const [where, owner] = ownedBy(query.userId);
    const kept = query.openOnly ? "state = 'open'" : "state <> 'voided'";
    return this.#store.read((db) =>
      db
        .prepare(
          `SELECT ${RESERVATION_COLUMNS} FROM reservations ${where === '' ? 'WHERE' : `${where} AND`} ${kept}
           ORDER BY opened_at_ms DESC, id DESC LIMIT ?`,
        )
        .all(...owner, query.limit)
        .map(reservationFrom),
    );
  }

  usage(query: { readonly userId?: UserId; readonly limit: number }): Promise<readonly UsageRecord[]> {
    const [where, owner] = ownedBy(query.userId);
    return this.#store.read((db) =>
      db
        .prepare(`SELECT ${USAGE_COLUMNS} FROM usage_records ${where} ORDER BY at_ms DESC, id DESC LIMIT ?`)
        .all(...owner, query.limit)
        .map(usageFrom),
    );
  }

  usageTotals(query: { readonly userId?: UserId; readonly sinceMs: number }): Promise<UsageTotals> {
    return usageTotals(this.#store, query);
  }

  journal(query: { readonly afterCursor: number; readonly limit: number }): Promise<readonly JournalRow[]> {
    return this.#store.read((db) =>
      db
        .prepare('SELECT cursor, entry FROM journal WHERE cursor > ? ORDER BY cursor LIMIT ?')
        .all(query.afterCursor, query.limit)
        .map(journalRowFrom),
    );
  }
}

/** The grants that a user's open holds took from. */
const HELD_GRANTS = `
  SELECT DISTINCT json_extract(part.value, '$.grantId') AS grant_id
  FROM reservations, json_each(reservations.parts) AS part
  WHERE reservations.user_id = ? AND reservations.state = 'open'`;

/** The clause that keeps one user's rows, or all, with what it binds. */
const ownedBy = (userId: UserId | undefined): readonly [string, readonly string[]] =>
  userId === undefined ? ['', []] : ['WHERE user_id = ?', [userId]];
