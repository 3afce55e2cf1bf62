import type { ClosedHold, LedgerAct } from '../../../../application/ports/accounting/reservation-ledger.ts';
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
import type { AccountWork } from './account-work.ts';

/** Most open and recently closed holds of one account. */
const MAX_HOLDS = 4_096;
/** Most grants with credit of one account. */
const MAX_GRANTS = 1_000;
/** When a caller that met one of these limits may try again, in milliseconds. */
const BUSY_RETRY_MS = 5_000;

/** A decision about one account: it changes the work whole, or throws and changes nothing. It may be made again. */
export interface AccountOperation<Out> {
  readonly atMs: number;
  /** The id of the hold that it closes or extends: looked up where the account does not have it. */
  readonly holdId?: string;
  /** The id that it opens a hold under: looked up when it is refused, since that may be for the id. */
  readonly newId?: string;
  /** The id of the entry whose presence in the journal tells a repeat. */
  readonly entryId?: string;
  decide(work: AccountWork): Out;
}

/** Opens a hold, or finds the one of this id. */
export function reserveOn(
  request: Omit<ReserveRequest, 'scaledTokens'>,
  nowMs: number,
): AccountOperation<CreditReservationState> {
  return {
    atMs: nowMs,
    newId: request.id,
    decide: (work) => {
      const stored = work.hold(request.id);
      if (stored === 'of-another') throw changed();
      if (stored !== undefined) {
        CreditReservation.restore(stored).requireSameRequest({ ...request, userId: work.base._id });
        return stored;
      }
      if (work.holds.size >= MAX_HOLDS) throw busy();
      const scaledTokens = scaledEstimate(request.estimatedTokens, work.scaleOf(request.modelId));
      const posting = work.account.reserve({ ...request, scaledTokens }, nowMs);
      const reservation = posting.reservation.snapshot();
      work.apply({ atMs: nowMs, posting, reservation });
      return reservation;
    },
  };
}

/** Renews an open hold. */
export function extendOn(
  id: string,
  tokensSoFar: number,
  nowMs: number,
): AccountOperation<CreditReservationState | undefined> {
  return {
    atMs: nowMs,
    holdId: id,
    decide: (work) => {
      const stored = work.hold(id);
      if (stored === undefined || stored === 'of-another') throw notFound();
      const reservation = CreditReservation.restore(stored).extend(tokensSoFar, nowMs)?.snapshot();
      if (reservation !== undefined) work.apply({ atMs: nowMs, reservation });
      return reservation;
    },
  };
}

/** Closes a hold at what was used. */
export function settleOn(
  id: string,
  tokens: number,
  success: boolean | undefined,
  nowMs: number,
): AccountOperation<ClosedHold> {
  return {
    atMs: nowMs,
    holdId: id,
    decide: (work) => {
      const stored = work.hold(id);
      if (stored === undefined || stored === 'of-another' || stored.state === 'voided') throw notFound();
      return close(work, CreditReservation.restore(stored).settle(tokens, nowMs, success), nowMs);
    },
  };
}

/** Closes a hold at what was produced; an id that has been claimed and has no hold yet is voided. */
export function releaseOn(
  id: string,
  tokens: number | undefined,
  nowMs: number,
): AccountOperation<ClosedHold | 'unknown'> {
  return {
    atMs: nowMs,
    holdId: id,
    decide: (work) => {
      const stored = work.hold(id);
      if (stored === 'of-another') throw notFound();
      if (stored?.state === 'voided') return 'unknown';
      if (stored === undefined) {
        work.apply({ atMs: nowMs, ...voidHold(id, nowMs) });
        return 'unknown';
      }
      return close(work, CreditReservation.restore(stored).release(tokens, nowMs), nowMs);
    },
  };
}

/** Closes at most `limit` holds whose time is over, and says how many it were. */
export const expireOn = (nowMs: number, limit: number): AccountOperation<number> => ({
  atMs: nowMs,
  decide: (work) => {
    const due = [...work.holds.values()]
      .filter((hold) => CreditReservation.restore(hold).isDue(nowMs))
      .slice(0, limit);
    for (const hold of due) {
      const decision = CreditReservation.restore(hold).expire(nowMs);
      if (decision !== undefined) close(work, decision, nowMs);
    }
    return due.length;
  },
});

/** Moves what is left of expired grants away, and says how many it were. */
export const lapseOn = (nowMs: number): AccountOperation<number> => ({
  atMs: nowMs,
  decide: (work) => {
    const posting = work.account.lapse(nowMs);
    if (posting.entries.length > 0) work.apply({ atMs: nowMs, posting });
    return posting.entries.length;
  },
});

/** Gives credit. */
export const grantOn = (grant: CreditGrant, act: LedgerAct): AccountOperation<void> => ({
  atMs: act.nowMs,
  entryId: `${grant.id}:grant`,
  decide: (work) => {
    if (work.isJournaled(`${grant.id}:grant`)) return;
    requireRoom(work);
    work.apply({ atMs: act.nowMs, posting: work.account.grant(grant, act), audit: act.audit });
  },
});

/** Sets or moves the available credit. */
export const adjustOn = (
  change: Adjustment,
  act: LedgerAct,
): AccountOperation<{ readonly previousMicros: CreditMicros; readonly newMicros: CreditMicros }> => ({
  atMs: act.nowMs,
  entryId: adjustmentEntryId(change.id),
  decide: (work) => {
    if (work.isJournaled(adjustmentEntryId(change.id))) {
      const standing = work.account.availableAt(act.nowMs);
      return { previousMicros: standing, newMicros: standing };
    }
    requireRoom(work);
    const posting = adjustCredit(work.account, change, act);
    const { previousMicros } = posting;
    const newMicros = posting.account.snapshot().availableMicros;
    const audit = act.audit?.map((record) => withFacts(record, { previousMicros, newMicros }));
    work.apply({ atMs: act.nowMs, posting, audit });
    return { previousMicros, newMicros };
  },
});

/** Spends at once. */
export const deductOn = (
  spend: { readonly id: string; readonly amountMicros: CreditMicros; readonly service: string },
  act: LedgerAct,
): AccountOperation<void> => ({
  atMs: act.nowMs,
  entryId: `${spend.id}:deduct`,
  decide: (work) => {
    const entryId = `${spend.id}:deduct`;
    if (work.isJournaled(entryId)) return;
    const usage = {
      id: `${spend.id}:usage`,
      userId: work.base._id,
      service: spend.service,
      tokens: 0,
      chargeMicros: spend.amountMicros,
      atMs: act.nowMs,
    };
    const posting = work.account.deduct(spend.amountMicros, entryId, act);
    work.apply({ atMs: act.nowMs, posting, usage, audit: act.audit });
  },
});

function close(work: AccountWork, decision: ClosingDecision, nowMs: number): ClosedHold {
  const { modelId } = decision.reservation.snapshot();
  const closing = closeHold(work.account.snapshot(), decision, work.scaleOf(modelId), nowMs);
  const { reservation, expiredBefore, repeated, uncollectedMicros, usage, scale } = closing;
  if (!repeated) {
    work.apply({
      atMs: nowMs,
      posting: { account: CreditAccount.restore(closing.account), entries: closing.entries },
      reservation,
      ...(usage === undefined ? {} : { usage }),
      ...(scale === undefined ? {} : { scale: { modelId, scale } }),
    });
  }
  return { reservation, expiredBefore, repeated, uncollectedMicros };
}

function requireRoom(work: AccountWork): void {
  if (work.account.snapshot().grants.length >= MAX_GRANTS) throw busy();
}

/** The refusal of a hold that nobody knows. */
export const notFound = (): DomainError =>
  new DomainError('reservation.not_found', 'There is no such streaming session');

const changed = (): DomainError =>
  new DomainError('reservation.changed', 'This streaming session was reserved for somebody else before');

const busy = (): DomainError =>
  new DomainError('credit.account_busy', 'This account has too much under way', {
    retryAfterMs: BUSY_RETRY_MS,
  });
