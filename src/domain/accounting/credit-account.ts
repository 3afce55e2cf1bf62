import { DomainError } from '../domain-error.ts';
import type { UserId } from '../identity/ids.ts';
import { invariant } from '../invariant.ts';
import { bySpendingOrder, type CreditGrant } from './credit-grant.ts';
import { CreditReservation, type CreditReservationState, type HoldPart } from './credit-reservation.ts';
import { type CreditMicros, MAX_ACCOUNT_MICROS, micros, ZERO } from './credits.ts';
import { sizeHold } from './hold-size.ts';
import type { JournalEntry, JournalKind } from './journal-entry.ts';

/** An account's sums and its grants. `available + held + charged + expired = granted + adjusted`, always. */
export interface CreditAccountState {
  readonly userId: UserId;
  readonly availableMicros: CreditMicros;
  readonly heldMicros: CreditMicros;
  readonly chargedMicros: CreditMicros;
  readonly expiredMicros: CreditMicros;
  readonly grantedMicros: CreditMicros;
  /** Signed: what operators added by adjustment, less what they removed. */
  readonly adjustedMicros: number;
  /** Every grant that still has credit or a share in an open hold; adapters may leave the others out. */
  readonly grants: readonly CreditGrant[];
}

/** An account after an operation, with the facts to append to its journal in the same write. */
export interface Posting {
  readonly account: CreditAccount;
  readonly entries: readonly JournalEntry[];
}

/** What a reserve asks for. Prices and limits come from the model's configuration. */
export interface ReserveRequest {
  readonly id: string;
  readonly modelId: string;
  readonly estimatedTokens: number;
  /** The estimate after this user's past shortfalls on this model; what the hold is sized by. */
  readonly scaledTokens: number;
  readonly priceMicrosPer1000: CreditMicros;
  readonly modelMaxOutputTokens: number;
  readonly capOutputTokens: number;
}

/** Who did something to an account, and why. */
export interface Act {
  readonly nowMs: number;
  readonly actor: string;
  readonly note?: string;
}

/**
 * One user's credit. Immutable: each operation returns the account after it and the journal entries that
 * record it. Adapters apply both in one atomic write.
 */
export class CreditAccount {
  readonly #state: CreditAccountState;

  private constructor(state: CreditAccountState) {
    this.#state = state;
  }

  /** An account that nothing was ever granted to. */
  static empty(userId: UserId): CreditAccount {
    return new CreditAccount({
      userId,
      availableMicros: ZERO,
      heldMicros: ZERO,
      chargedMicros: ZERO,
      expiredMicros: ZERO,
      grantedMicros: ZERO,
      adjustedMicros: 0,
      grants: [],
    });
  }

  /** Takes a stored state back as it is. */
  static restore(state: CreditAccountState): CreditAccount {
    return new CreditAccount(state);
  }

  /** The state as plain data, for mappers, workers and comparisons. */
  snapshot(): CreditAccountState {
    return this.#state;
  }

  /** What can be spent at a time: grants that have not expired. */
  availableAt(nowMs: number): CreditMicros {
    let sum = 0;
    for (const grant of this.#state.grants) if (grant.expiresAtMs > nowMs) sum += grant.remainingMicros;
    return micros(sum);
  }

  /** Moves what is left of expired grants out of the available credit. Every operation does this first. */
  lapse(nowMs: number): Posting {
    let posting: Posting = { account: this, entries: [] };
    for (const grant of this.#state.grants) {
      if (grant.expiresAtMs > nowMs || grant.remainingMicros === 0) continue;
      const amount = grant.remainingMicros;
      posting = posting.account.#post(posting.entries, {
        ...this.#fact(`${grant.id}:lapse`, 'lapse', nowMs),
        account: { available: -amount, expired: amount },
        grants: [{ id: grant.id, remaining: -amount }],
      });
    }
    return posting;
  }

  /**
   * Gives credit. `source` decides whether it counts as granted or as an adjustment.
   *
   * @throws DomainError `credit.out_of_range` when the account would pass `MAX_ACCOUNT_MICROS`.
   */
  grant(grant: CreditGrant, act: Act): Posting {
    const { account, entries } = this.lapse(act.nowMs);
    const [amount, own] = [grant.amountMicros, account.#state];
    if (own.grantedMicros + Math.max(0, own.adjustedMicros) + amount > MAX_ACCOUNT_MICROS) {
      throw new DomainError('credit.out_of_range', 'This account cannot be granted that much credit');
    }
    const kind = grant.source === 'adjustment' ? 'adjust' : 'grant';
    const before = new CreditAccount({
      ...own,
      grants: [...own.grants, { ...grant, remainingMicros: ZERO }],
    });
    return before.#post(entries, {
      ...this.#fact(`${grant.id}:${kind}`, kind, act.nowMs, act),
      account: { available: amount, [kind === 'adjust' ? 'adjusted' : 'granted']: amount },
      grants: [{ id: grant.id, remaining: amount }],
    });
  }

  /** Takes at most `amount` of the available credit away as an adjustment; never a hold, never below zero. */
  remove(
    amount: CreditMicros,
    entryId: string,
    act: Act,
  ): Posting & { readonly removedMicros: CreditMicros } {
    const { account, entries } = this.lapse(act.nowMs);
    const removed = micros(Math.min(amount, account.#state.availableMicros));
    if (removed === 0) return { account, entries, removedMicros: removed };
    const posting = account.#post(entries, {
      ...this.#fact(entryId, 'adjust', act.nowMs, act),
      account: { available: -removed, adjusted: -removed },
      grants: account.#take(removed).map((part) => ({ id: part.grantId, remaining: -part.micros })),
    });
    return { ...posting, removedMicros: removed };
  }

  /**
   * Spends credit at once, without a hold.
   *
   * @throws DomainError `credit.insufficient` when there is less.
   */
  deduct(amount: CreditMicros, entryId: string, act: Act): Posting {
    const { account, entries } = this.lapse(act.nowMs);
    if (amount > account.#state.availableMicros) throw insufficient('Insufficient credits');
    return account.#post(entries, {
      ...this.#fact(entryId, 'deduct', act.nowMs, act),
      account: { available: -amount, charged: amount },
      grants: account.#take(amount).map((part) => ({ id: part.grantId, remaining: -part.micros })),
    });
  }

  /**
   * Opens a hold for the worst case of one call.
   *
   * @throws DomainError `credit.insufficient` when the available credit does not pay for the smallest call.
   */
  reserve(request: ReserveRequest, nowMs: number): Posting & { readonly reservation: CreditReservation } {
    const { account, entries } = this.lapse(nowMs);
    const size = sizeHold({
      availableMicros: account.#state.availableMicros,
      priceMicrosPer1000: request.priceMicrosPer1000,
      promptTokens: request.scaledTokens,
      modelMaxOutputTokens: request.modelMaxOutputTokens,
      capOutputTokens: request.capOutputTokens,
    });
    if (size === undefined) throw insufficient('Insufficient credits for streaming session');
    const parts = account.#take(size.amountMicros);
    const { id, modelId, estimatedTokens, priceMicrosPer1000 } = request;
    const reservation = CreditReservation.open({
      id,
      userId: account.#state.userId,
      modelId,
      estimatedTokens,
      priceMicrosPer1000,
      ...size,
      parts,
      openedAtMs: nowMs,
    });
    const posting = account.#post(entries, {
      ...this.#fact(`${id}:reserve`, 'reserve', nowMs),
      reservationId: id,
      account: { available: -size.amountMicros, held: size.amountMicros },
      grants: parts.map((part) => ({ id: part.grantId, remaining: -part.micros })),
    });
    return { ...posting, reservation };
  }

  /**
   * Posts the closing of one of this account's holds: the charge is taken from its parts in their order,
   * and every refund returns to the grant it came from, or is gone when that has expired meanwhile.
   */
  close(closed: CreditReservationState, nowMs: number): Posting {
    invariant(closed.outcome !== undefined, 'only a reservation with an outcome can be posted');
    const { account, entries } = this.lapse(nowMs);
    let toCharge: number = closed.outcome.chargeMicros;
    let lapsed = 0;
    const refunds: Array<{ id: string; remaining: number }> = [];
    for (const part of closed.parts) {
      const charged = Math.min(toCharge, part.micros);
      toCharge -= charged;
      const refund = part.micros - charged;
      if (refund === 0) continue;
      const grant = account.#state.grants.find((candidate) => candidate.id === part.grantId);
      if (grant === undefined || grant.lapsed || grant.expiresAtMs <= nowMs) lapsed += refund;
      else refunds.push({ id: part.grantId, remaining: refund });
    }
    const kind = closed.state === 'settled' ? 'settle' : closed.state === 'released' ? 'release' : 'expire';
    const { chargeMicros, refundMicros } = closed.outcome;
    return account.#post(entries, {
      ...this.#fact(`${closed.id}:${kind}`, kind, nowMs),
      reservationId: closed.id,
      account: {
        held: -closed.amountMicros,
        charged: chargeMicros,
        available: refundMicros - lapsed,
        expired: lapsed,
      },
      grants: refunds,
    });
  }

  /** Records what was owed and could not be taken, at the closing or by a report after expiry; moves nothing. */
  uncollected(reservationId: string, amount: CreditMicros, nowMs: number, when: 'closing' | 'late'): Posting {
    return this.#post([], {
      ...this.#fact(`${reservationId}:uncollected-${when}`, 'uncollected', nowMs),
      reservationId,
      uncollectedMicros: amount,
      account: {},
      grants: [],
    });
  }

  /** The parts of grants that an amount is taken from, in the order of spending. */
  #take(amount: CreditMicros): HoldPart[] {
    const parts: HoldPart[] = [];
    let missing: number = amount;
    for (const grant of [...this.#state.grants].sort(bySpendingOrder)) {
      if (missing === 0) break;
      const share = Math.min(missing, grant.remainingMicros);
      if (share === 0) continue;
      parts.push({ grantId: grant.id, micros: micros(share) });
      missing -= share;
    }
    invariant(missing === 0, 'the grants of an account hold its available credit');
    return parts;
  }

  #post(entries: readonly JournalEntry[], entry: JournalEntry): Posting {
    const account = new CreditAccount(applyEntry(this.#state, entry));
    return { account, entries: [...entries, entry] };
  }

  #fact(id: string, kind: JournalKind, atMs: number, act?: Act): Omit<JournalEntry, 'account' | 'grants'> {
    return {
      id,
      kind,
      atMs,
      userId: this.#state.userId,
      ...(act === undefined ? {} : { actor: act.actor }),
      ...(act?.note === undefined ? {} : { note: act.note }),
    };
  }
}

/**
 * Applies one journal entry to an account's sums and grants; the same function serves the operation itself and
 * the replay that proves the journal.
 *
 * @throws InvariantViolation when a sum would fall below zero.
 */
export function applyEntry(state: CreditAccountState, entry: JournalEntry): CreditAccountState {
  const { account: delta } = entry;
  const moves = new Map(entry.grants.map((move) => [move.id, move.remaining]));
  return {
    userId: state.userId,
    availableMicros: micros(state.availableMicros + (delta.available ?? 0)),
    heldMicros: micros(state.heldMicros + (delta.held ?? 0)),
    chargedMicros: micros(state.chargedMicros + (delta.charged ?? 0)),
    expiredMicros: micros(state.expiredMicros + (delta.expired ?? 0)),
    grantedMicros: micros(state.grantedMicros + (delta.granted ?? 0)),
    adjustedMicros: state.adjustedMicros + (delta.adjusted ?? 0),
    grants: state.grants.map((grant) => {
      const move = moves.get(grant.id);
      if (move === undefined) return grant;
      const moved = { ...grant, remainingMicros: micros(grant.remainingMicros + move) };
      return entry.kind === 'lapse' ? { ...moved, lapsed: true as const } : moved;
    }),
  };
}

const insufficient = (sentence: string): DomainError => new DomainError('credit.insufficient', sentence);
