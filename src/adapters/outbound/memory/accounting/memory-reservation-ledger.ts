import type {
  ClosedHold,
  JournalRow,
  LedgerAct,
  ReservationLedger,
  UsageRecord,
  UsageTotals,
} from '../../../../application/ports/accounting/reservation-ledger.ts';
import {
  type Adjustment,
  adjustCredit,
  adjustmentEntryId,
} from '../../../../domain/accounting/adjust-credit.ts';
import {
  CreditAccount,
  type CreditAccountState,
  type Posting,
  type ReserveRequest,
} from '../../../../domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../../../domain/accounting/credit-grant.ts';
import {
  type ClosingDecision,
  CreditReservation,
  type CreditReservationState,
} from '../../../../domain/accounting/credit-reservation.ts';
import type { CreditMicros } from '../../../../domain/accounting/credits.ts';
import { FIRST_ESTIMATE_SCALE, scaledEstimate } from '../../../../domain/accounting/estimate-scale.ts';
import { closeHold } from '../../../../domain/accounting/hold-closing.ts';
import type { JournalEntry } from '../../../../domain/accounting/journal-entry.ts';
import { voidHold } from '../../../../domain/accounting/void-hold.ts';
import { withFacts } from '../../../../domain/audit/audit-record.ts';
import { DomainError } from '../../../../domain/domain-error.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { invariant } from '../../../../domain/invariant.ts';
import { MemoryAuditLog } from '../audit/memory-audit-log.ts';
import { newestFirst, totalsOf } from './listings.ts';

/**
 * The ledger in one process's memory. Every method decides and writes without waiting in between, which is
 * what makes it atomic.
 */
export class MemoryReservationLedger implements ReservationLedger {
  readonly #accounts = new Map<UserId, CreditAccountState>();
  readonly #reservations = new Map<string, CreditReservationState>();
  readonly #scales = new Map<string, number>();
  readonly #journal: JournalEntry[] = [];
  readonly #journalIds = new Set<string>();
  readonly #usage = new Map<string, UsageRecord>();
  readonly #audit: MemoryAuditLog;

  constructor(audit = new MemoryAuditLog()) {
    this.#audit = audit;
  }

  async reserve(
    userId: UserId,
    request: Omit<ReserveRequest, 'scaledTokens'>,
    nowMs: number,
  ): Promise<CreditReservationState> {
    const stored = this.#reservations.get(request.id);
    if (stored !== undefined) {
      CreditReservation.restore(stored).requireSameRequest({ ...request, userId });
      return stored;
    }
    const scaledTokens = scaledEstimate(request.estimatedTokens, this.#scaleOf(userId, request.modelId));
    const posting = this.#load(userId).reserve({ ...request, scaledTokens }, nowMs);
    const reservation = posting.reservation.snapshot();
    this.#apply(posting);
    this.#reservations.set(reservation.id, reservation);
    return reservation;
  }

  async extend(id: string, tokensSoFar: number, nowMs: number): Promise<CreditReservationState | undefined> {
    const stored = this.#reservations.get(id);
    if (stored === undefined) throw reservationNotFound();
    const extended = CreditReservation.restore(stored).extend(tokensSoFar, nowMs)?.snapshot();
    if (extended !== undefined) this.#reservations.set(id, extended);
    return extended;
  }

  async settle(id: string, tokens: number, success: boolean | undefined, nowMs: number): Promise<ClosedHold> {
    const stored = this.#reservations.get(id);
    if (stored === undefined || stored.state === 'voided') throw reservationNotFound();
    return this.#close(CreditReservation.restore(stored).settle(tokens, nowMs, success), nowMs);
  }

  async release(id: string, tokens: number | undefined, nowMs: number): Promise<ClosedHold | 'unknown'> {
    const stored = this.#reservations.get(id);
    if (stored === undefined) {
      const { reservation, entry } = voidHold(id, nowMs);
      this.#reservations.set(id, reservation);
      this.#journalIds.add(entry.id);
      this.#journal.push(entry);
      return 'unknown';
    }
    if (stored.state === 'voided') return 'unknown';
    return this.#close(CreditReservation.restore(stored).release(tokens, nowMs), nowMs);
  }

  async expireDue(
    nowMs: number,
    limit: number,
  ): Promise<{ readonly holds: number; readonly grants: number }> {
    const due = [...this.#reservations.values()].filter((one) => CreditReservation.restore(one).isDue(nowMs));
    let holds = 0;
    for (const reservation of due.slice(0, limit)) {
      const decision = CreditReservation.restore(reservation).expire(nowMs);
      if (decision === undefined) continue;
      this.#close(decision, nowMs);
      holds += 1;
    }
    const lapses = [...this.#accounts.keys()]
      .map((userId) => this.#load(userId).lapse(nowMs))
      .filter((posting) => posting.entries.length > 0)
      .slice(0, limit);
    for (const posting of lapses) this.#apply(posting);
    const grants = lapses.reduce((sum, posting) => sum + posting.entries.length, 0);
    return { holds, grants };
  }

  async grant(userId: UserId, grant: CreditGrant, act: LedgerAct): Promise<CreditAccountState> {
    if (!this.#journalIds.has(`${grant.id}:grant`)) {
      this.#apply(this.#load(userId).grant(grant, act));
      this.#audit.add(act.audit);
    }
    return this.account(userId, act.nowMs);
  }

  async adjust(
    userId: UserId,
    change: Adjustment,
    act: LedgerAct,
  ): Promise<{ readonly previousMicros: CreditMicros; readonly newMicros: CreditMicros }> {
    if (this.#journalIds.has(adjustmentEntryId(change.id))) {
      const standing = this.#load(userId).availableAt(act.nowMs);
      return { previousMicros: standing, newMicros: standing };
    }
    const posting = adjustCredit(this.#load(userId), change, act);
    this.#apply(posting);
    const { previousMicros } = posting;
    const newMicros = posting.account.snapshot().availableMicros;
    this.#audit.add(act.audit?.map((record) => withFacts(record, { previousMicros, newMicros })));
    return { previousMicros, newMicros };
  }

  async deduct(
    userId: UserId,
    spend: { readonly id: string; readonly amountMicros: CreditMicros; readonly service: string },
    act: LedgerAct,
  ): Promise<CreditAccountState> {
    const entryId = `${spend.id}:deduct`;
    if (!this.#journalIds.has(entryId)) {
      this.#apply(this.#load(userId).deduct(spend.amountMicros, entryId, act));
      await this.recordUsage({
        id: `${spend.id}:usage`,
        userId,
        service: spend.service,
        tokens: 0,
        chargeMicros: spend.amountMicros,
        atMs: act.nowMs,
      });
      this.#audit.add(act.audit);
    }
    return this.account(userId, act.nowMs);
  }

  async recordUsage(record: UsageRecord): Promise<UsageRecord> {
    const stored = this.#usage.get(record.id) ?? record;
    this.#usage.set(record.id, stored);
    return stored;
  }

  async account(userId: UserId, nowMs: number): Promise<CreditAccountState> {
    const state = this.#load(userId).lapse(nowMs).account.snapshot();
    const open = [...this.#reservations.values()].filter((one) => one.state === 'open');
    const held = new Set(open.flatMap((one) => one.parts.map((part) => part.grantId)));
    return {
      ...state,
      grants: state.grants.filter((grant) => grant.remainingMicros > 0 || held.has(grant.id)),
    };
  }

  async grants(query: {
    readonly userId?: UserId;
    readonly offset: number;
    readonly limit: number;
  }): Promise<{
    readonly rows: ReadonlyArray<{ readonly userId: UserId; readonly grant: CreditGrant }>;
    readonly total: number;
  }> {
    const rows = [...this.#accounts.values()]
      .filter((account) => query.userId === undefined || account.userId === query.userId)
      .flatMap((account) => account.grants.map((grant) => ({ userId: account.userId, grant })))
      .sort(
        newestFirst(
          (row) => row.grant.grantedAtMs,
          (row) => row.grant.id,
        ),
      );
    return { rows: rows.slice(query.offset, query.offset + query.limit), total: rows.length };
  }

  async reservation(id: string): Promise<CreditReservationState | undefined> {
    return this.#reservations.get(id);
  }

  async reservations(query: {
    readonly userId?: UserId;
    readonly openOnly: boolean;
    readonly limit: number;
  }): Promise<readonly CreditReservationState[]> {
    return [...this.#reservations.values()]
      .filter((one) => (query.openOnly ? one.state === 'open' : one.state !== 'voided'))
      .filter((one) => query.userId === undefined || one.userId === query.userId)
      .sort(
        newestFirst(
          (one) => one.openedAtMs,
          (one) => one.id,
        ),
      )
      .slice(0, query.limit);
  }

  async usage(query: { readonly userId?: UserId; readonly limit: number }): Promise<readonly UsageRecord[]> {
    return [...this.#usage.values()]
      .filter((record) => query.userId === undefined || record.userId === query.userId)
      .sort(
        newestFirst(
          (record) => record.atMs,
          (record) => record.id,
        ),
      )
      .slice(0, query.limit);
  }

  async usageTotals(query: { readonly userId?: UserId; readonly sinceMs: number }): Promise<UsageTotals> {
    return totalsOf(
      [...this.#usage.values()].filter(
        (record) =>
          record.atMs >= query.sinceMs && (query.userId === undefined || record.userId === query.userId),
      ),
    );
  }

  async journal(query: {
    readonly afterCursor: number;
    readonly limit: number;
  }): Promise<readonly JournalRow[]> {
    const from = Math.max(0, query.afterCursor);
    return this.#journal
      .slice(from, from + query.limit)
      .map((entry, index) => ({ cursor: from + index + 1, entry }));
  }

  #load(userId: UserId): CreditAccount {
    const state = this.#accounts.get(userId);
    return state === undefined ? CreditAccount.empty(userId) : CreditAccount.restore(state);
  }

  #scaleOf(userId: UserId, modelId: string): number {
    return this.#scales.get(JSON.stringify([userId, modelId])) ?? FIRST_ESTIMATE_SCALE;
  }

  #close(decision: ClosingDecision, nowMs: number): ClosedHold {
    const { userId, modelId } = decision.reservation.snapshot();
    const account = this.#load(userId).snapshot();
    const closing = closeHold(account, decision, this.#scaleOf(userId, modelId), nowMs);
    const { reservation, expiredBefore, repeated, uncollectedMicros } = closing;
    if (!repeated) {
      this.#apply({ account: CreditAccount.restore(closing.account), entries: closing.entries });
      this.#reservations.set(reservation.id, reservation);
      if (closing.usage !== undefined) this.#usage.set(closing.usage.id, closing.usage);
      if (closing.scale !== undefined) this.#scales.set(JSON.stringify([userId, modelId]), closing.scale);
    }
    return { reservation, expiredBefore, repeated, uncollectedMicros };
  }

  /** Writes a posting whole, or not at all when one of its entries was written before. */
  #apply(posting: Posting): void {
    if (posting.entries.length === 0) return;
    for (const { id } of posting.entries) {
      invariant(!this.#journalIds.has(id), `the journal has an entry ${id} already`);
    }
    for (const entry of posting.entries) {
      this.#journalIds.add(entry.id);
      this.#journal.push(entry);
    }
    const state = posting.account.snapshot();
    this.#accounts.set(state.userId, state);
  }
}

const reservationNotFound = (): DomainError =>
  new DomainError('reservation.not_found', 'There is no such streaming session');
