import type { z } from 'zod';
import type { Allocation } from '../../../../../application/accounting/allocate-credit.ts';
import type { Balance } from '../../../../../application/accounting/read-balance.ts';
import type { UsageReport } from '../../../../../application/accounting/read-usage.ts';
import type {
  JournalRow,
  UsageGroup,
  UsageRecord,
} from '../../../../../application/ports/accounting/reservation-ledger.ts';
import type { CreditGrant } from '../../../../../domain/accounting/credit-grant.ts';
import type {
  CreditReservationState,
  ReservationState,
} from '../../../../../domain/accounting/credit-reservation.ts';
import { microsToCredits } from '../../../../../domain/accounting/credits.ts';
import type { UserId } from '../../../../../domain/identity/ids.ts';
import type {
  allocationAnswer,
  allocationsAnswer,
  balanceAnswer,
  holdAnswer,
  journalAnswer,
  reservationsAnswer,
  usageAnswer,
} from './answers.ts';

/** A time as callers read it. */
export const iso = (atMs: number): string => new Date(atMs).toISOString();

/** A balance as callers read it. */
export function balanceView(balance: Balance): z.output<typeof balanceAnswer> {
  const { userId, availableMicros, heldMicros, activeGrants } = balance;
  return {
    userId,
    totalCredits: microsToCredits(availableMicros + heldMicros),
    availableCredits: microsToCredits(availableMicros),
    heldCredits: microsToCredits(heldMicros),
    activeAllocations: activeGrants.map((grant) => ({
      id: grant.id,
      credits: microsToCredits(grant.remainingMicros),
      originalCredits: microsToCredits(grant.amountMicros),
      expiresAt: iso(grant.expiresAtMs),
      allocatedAt: iso(grant.grantedAtMs),
    })),
  };
}

/** A new grant as callers read it. */
export function allocationView(allocation: Allocation): z.output<typeof allocationAnswer> {
  const { account, grant, previousMicros, newMicros } = allocation;
  return {
    id: grant.id,
    userId: account.userId,
    username: account.username,
    totalCredits: microsToCredits(grant.amountMicros),
    remainingCredits: microsToCredits(grant.remainingMicros),
    expiresAt: iso(grant.expiresAtMs),
    allocatedAt: iso(grant.grantedAtMs),
    previousCredits: microsToCredits(previousMicros),
    newCredits: microsToCredits(newMicros),
  };
}

/** A grant of a list as callers read it. */
export function grantView(row: {
  userId: UserId;
  grant: CreditGrant;
}): z.output<typeof allocationsAnswer>['allocations'][number] {
  const { userId, grant } = row;
  return {
    id: grant.id,
    userId,
    totalCredits: microsToCredits(grant.amountMicros),
    remainingCredits: microsToCredits(grant.remainingMicros),
    allocatedAt: iso(grant.grantedAtMs),
    expiresAt: iso(grant.expiresAtMs),
    allocatedBy: grant.grantedBy,
    source: grant.source,
    ...(grant.notes === undefined ? {} : { notes: grant.notes }),
  };
}

/** An open hold as callers read it. */
export function holdView(hold: CreditReservationState): z.output<typeof holdAnswer> {
  return {
    sessionId: hold.id,
    userId: hold.userId,
    modelId: hold.modelId,
    allocatedCredits: microsToCredits(hold.amountMicros),
    status: 'active',
    prices: { creditsPer1000Tokens: microsToCredits(hold.priceMicrosPer1000) },
    maxOutputTokens: hold.maxOutputTokens,
    limitedBy: hold.limitedBy,
    expiresAt: iso(hold.expiresAtMs),
  };
}

/** The words that older clients know; a voided id is in no list, and holds nothing like an aborted one. */
const STATUS_WORD = {
  open: 'active',
  settled: 'completed',
  released: 'aborted',
  expired: 'expired',
  voided: 'aborted',
} as const satisfies Record<ReservationState, string>;

/** A reservation of a list as callers read it. */
export function reservationView(
  reservation: CreditReservationState,
): z.output<typeof reservationsAnswer>[number] {
  const { outcome } = reservation;
  return {
    sessionId: reservation.id,
    userId: reservation.userId,
    modelId: reservation.modelId,
    status: STATUS_WORD[reservation.state],
    allocatedCredits: microsToCredits(reservation.amountMicros),
    estimatedTokens: reservation.estimatedTokens,
    usedTokens: outcome?.tokens ?? reservation.checkpointTokens,
    ...(outcome === undefined
      ? {}
      : {
          usedCredits: microsToCredits(outcome.chargeMicros),
          refund: microsToCredits(outcome.refundMicros),
          endedAt: iso(outcome.closedAtMs),
          ...(outcome.success === undefined ? {} : { success: outcome.success }),
        }),
    startedAt: iso(reservation.openedAtMs),
    expiresAt: iso(reservation.expiresAtMs),
  };
}

/** Usage records as callers read them. */
export function usageRecordView(record: UsageRecord): z.output<typeof usageAnswer>['recentActivity'][number] {
  return {
    id: record.id,
    userId: record.userId,
    service: record.service,
    ...(record.modelId === undefined ? {} : { modelId: record.modelId }),
    ...(record.streamId === undefined ? {} : { sessionId: record.streamId }),
    tokens: record.tokens,
    credits: microsToCredits(record.chargeMicros),
    timestamp: iso(record.atMs),
  };
}

/** A usage report as callers read it. */
export function usageView({ sinceMs, totals, recent }: UsageReport): z.output<typeof usageAnswer> {
  return {
    since: iso(sinceMs),
    totalRecords: totals.records,
    totalTokens: totals.tokens,
    totalCredits: microsToCredits(totals.chargeMicros),
    byService: byKey(totals.byService),
    byDay: byKey(totals.byDay),
    byModel: byKey(totals.byModel),
    recentActivity: recent.map(usageRecordView),
  };
}

/** `fromEntries` defines members and calls no setter, so that no caller's word can reach a prototype. */
const byKey = (groups: readonly UsageGroup[]): z.output<typeof usageAnswer>['byService'] =>
  Object.fromEntries(
    groups.map(({ key, records, tokens, chargeMicros }) => [
      key,
      { records, tokens, credits: microsToCredits(chargeMicros) },
    ]),
  );

/** A journal entry as callers read it. */
export function journalView({
  cursor,
  entry,
}: JournalRow): z.output<typeof journalAnswer>['entries'][number] {
  const { id, kind, userId, atMs, reservationId, actor, note, uncollectedMicros } = entry;
  return {
    cursor,
    id,
    kind,
    userId,
    timestamp: iso(atMs),
    ...(reservationId === undefined ? {} : { reservationId }),
    ...(actor === undefined ? {} : { actor }),
    ...(note === undefined ? {} : { note }),
    ...(uncollectedMicros === undefined ? {} : { uncollectedCredits: microsToCredits(uncollectedMicros) }),
    account: Object.fromEntries(
      Object.entries(entry.account).map(([sum, moved]) => [sum, microsToCredits(moved ?? 0)]),
    ),
    grants: entry.grants.map((grant) => ({
      id: grant.id,
      remainingCredits: microsToCredits(grant.remaining),
    })),
  };
}
