import type { UserId } from '../identity/ids.ts';
import { CreditAccount, type CreditAccountState } from './credit-account.ts';
import type { ClosingDecision, CreditReservationState } from './credit-reservation.ts';
import { type CreditMicros, chargeFor, ZERO } from './credits.ts';
import { raisedScale } from './estimate-scale.ts';
import type { JournalEntry } from './journal-entry.ts';

/** The service that usage of streams is recorded under. */
export const STREAM_USAGE_SERVICE = 'chat-streaming';

/** The usage record that a closing writes. */
export interface StreamUsage {
  readonly id: string;
  readonly userId: UserId;
  readonly service: typeof STREAM_USAGE_SERVICE;
  readonly modelId: string;
  readonly streamId: string;
  readonly tokens: number;
  readonly chargeMicros: CreditMicros;
  readonly atMs: number;
}

/** What a terminal request came to, and what a store writes for it in one atomic write. */
export interface HoldClosing {
  readonly reservation: CreditReservationState;
  readonly expiredBefore: boolean;
  readonly repeated: boolean;
  readonly uncollectedMicros: CreditMicros;
  /** The account after it; unchanged unless the closing moved money. */
  readonly account: CreditAccountState;
  readonly entries: readonly JournalEntry[];
  readonly usage?: StreamUsage;
  /** The new scale of this user's estimates for this model, when the call cost more than its hold. */
  readonly scale?: number;
}

/**
 * The usage record of a closed reservation: one for every settlement, and for a release or an expiry that
 * charges for anything; none for a call that was given back whole.
 */
export function usageOf(closed: CreditReservationState): StreamUsage | undefined {
  const { outcome } = closed;
  if (outcome === undefined || (closed.state !== 'settled' && outcome.tokens === 0)) return undefined;
  return {
    id: `${closed.id}:usage`,
    userId: closed.userId,
    service: STREAM_USAGE_SERVICE,
    modelId: closed.modelId,
    streamId: closed.id,
    tokens: outcome.tokens,
    chargeMicros: outcome.chargeMicros,
    atMs: outcome.closedAtMs,
  };
}

/** Carries the decision of a reservation over to its account, its journal, its usage and its user's scale. */
export function closeHold(
  account: CreditAccountState,
  decision: ClosingDecision,
  scale: number,
  nowMs: number,
): HoldClosing {
  const reservation = decision.reservation.snapshot();
  const late = decision.kind === 'late' || decision.kind === 'late-repeated';
  if (decision.kind === 'repeated' || decision.kind === 'late-repeated') {
    return {
      reservation,
      expiredBefore: late,
      repeated: true,
      uncollectedMicros: ZERO,
      account,
      entries: [],
    };
  }
  const { uncollectedMicros } = decision;
  let posting = { account: CreditAccount.restore(account), entries: [] as readonly JournalEntry[] };
  if (!late) posting = posting.account.close(reservation, nowMs);
  if (uncollectedMicros > 0) {
    const noted = posting.account.uncollected(
      reservation.id,
      uncollectedMicros,
      nowMs,
      late ? 'late' : 'closing',
    );
    posting = { account: noted.account, entries: [...posting.entries, ...noted.entries] };
  }
  const usage = late ? undefined : usageOf(reservation);
  return {
    reservation,
    expiredBefore: late,
    repeated: false,
    uncollectedMicros,
    account: posting.account.snapshot(),
    entries: posting.entries,
    ...(usage === undefined ? {} : { usage }),
    ...(fellShort(reservation) ? { scale: raisedScale(scale) } : {}),
  };
}

/** Whether a call cost more than its hold, by what is known of it now. */
function fellShort(closed: CreditReservationState): boolean {
  const tokens = closed.lateReport?.tokens ?? closed.outcome?.tokens ?? 0;
  return chargeFor(tokens, closed.priceMicrosPer1000) > closed.amountMicros;
}
