import { DomainError } from '../domain-error.ts';
import type { UserId } from '../identity/ids.ts';
import { type CreditMicros, chargeFor, micros, ZERO } from './credits.ts';

/** A hold lives this long after it was opened or last extended, in milliseconds. */
export const HOLD_LIFETIME_MS = 600_000;

/** Where a reservation stands. Everything but `open` is terminal; `voided` never held anything. */
export type ReservationState = 'open' | 'settled' | 'released' | 'expired' | 'voided';

/** Stands for the user of a voided id: an abort names no user. */
export const NOBODY = '' as UserId;

/** The share of a hold that was taken from one grant, in the order of spending. */
export interface HoldPart {
  readonly grantId: string;
  readonly micros: CreditMicros;
}

/** The terminal outcome of a reservation. */
export interface ReservationOutcome {
  readonly closedAtMs: number;
  /** Tokens that were reported, or the checkpoint that expiry settled to. */
  readonly tokens: number;
  readonly chargeMicros: CreditMicros;
  readonly refundMicros: CreditMicros;
  readonly success?: boolean;
}

/** A report that came after expiry: answered with what expiry fixed, and remembered so that a changed repeat shows. */
export interface LateReport {
  readonly kind: 'settle' | 'release';
  readonly tokens: number;
}

/** A reservation's whole state, as mappers store it. */
export interface CreditReservationState {
  /** The streaming session's id: money, stream and audit name one thing. */
  readonly id: string;
  /** Whose credit is held; `NOBODY` for a voided id, whose reserve never came. */
  readonly userId: UserId;
  readonly modelId: string;
  readonly state: ReservationState;
  /** The estimate that the caller asked with: what tells a repeat from a changed repeat. */
  readonly estimatedTokens: number;
  readonly amountMicros: CreditMicros;
  readonly parts: readonly HoldPart[];
  /** Frozen at reserve, in micro-credits per 1,000 tokens. */
  readonly priceMicrosPer1000: CreditMicros;
  readonly maxOutputTokens: number;
  readonly limitedBy: 'credit' | 'model';
  readonly openedAtMs: number;
  readonly expiresAtMs: number;
  /** Usage so far as last reported by extend: what expiry settles to. */
  readonly checkpointTokens: number;
  readonly outcome?: ReservationOutcome;
  readonly lateReport?: LateReport;
}

/** What a terminal request did. `moved` is the only one that moves money. */
export type ClosingDecision =
  | {
      readonly kind: 'moved';
      readonly reservation: CreditReservation;
      readonly uncollectedMicros: CreditMicros;
    }
  | { readonly kind: 'repeated'; readonly reservation: CreditReservation }
  | {
      /** The first report after expiry; uncollected is what it proves beyond what expiry already knew of. */
      readonly kind: 'late';
      readonly reservation: CreditReservation;
      readonly uncollectedMicros: CreditMicros;
    }
  | { readonly kind: 'late-repeated'; readonly reservation: CreditReservation };

/** Credit held for one call of a model: opened once, resolved exactly once. Immutable. */
export class CreditReservation {
  readonly #state: CreditReservationState;

  private constructor(state: CreditReservationState) {
    this.#state = state;
  }

  /** Opens a hold over parts of grants that the account has already set aside. */
  static open(
    facts: Omit<
      CreditReservationState,
      'state' | 'expiresAtMs' | 'checkpointTokens' | 'outcome' | 'lateReport'
    >,
  ): CreditReservation {
    return new CreditReservation({
      ...facts,
      state: 'open',
      expiresAtMs: facts.openedAtMs + HOLD_LIFETIME_MS,
      checkpointTokens: 0,
    });
  }

  /** A tombstone for an id that was aborted before its reserve arrived: that reserve will be refused. */
  static voided(id: string, nowMs: number): CreditReservation {
    return new CreditReservation({
      id,
      userId: NOBODY,
      modelId: '',
      state: 'voided',
      estimatedTokens: 0,
      amountMicros: ZERO,
      parts: [],
      priceMicrosPer1000: ZERO,
      maxOutputTokens: 0,
      limitedBy: 'credit',
      openedAtMs: nowMs,
      expiresAtMs: nowMs,
      checkpointTokens: 0,
    });
  }

  /** Takes a stored state back as it is. */
  static restore(state: CreditReservationState): CreditReservation {
    return new CreditReservation(state);
  }

  /** The state as plain data, for mappers, workers and comparisons. */
  snapshot(): CreditReservationState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state.state === 'open';
  }

  /** Whether expiry may close it now. */
  isDue(nowMs: number): boolean {
    return this.isOpen && nowMs >= this.#state.expiresAtMs;
  }

  /**
   * Accepts a repeat of the reserve that opened this hold.
   *
   * @throws DomainError `reservation.changed` when the repeat asks for something else,
   *   `reservation.voided` when the id was voided before its reserve arrived.
   */
  requireSameRequest(request: { userId: UserId; modelId: string; estimatedTokens: number }): void {
    const own = this.#state;
    if (own.state === 'voided') {
      throw new DomainError(
        'reservation.voided',
        'This streaming session was aborted before its credits were reserved',
      );
    }
    const same =
      request.userId === own.userId &&
      request.modelId === own.modelId &&
      request.estimatedTokens === own.estimatedTokens;
    if (!same) throw changed();
  }

  /**
   * Renews an open hold's time and stores the usage so far. A checkpoint never goes back.
   *
   * @returns undefined when the hold is no longer open or its time is over: the caller must stop its upstream.
   */
  extend(tokensSoFar: number, nowMs: number): CreditReservation | undefined {
    if (!this.isOpen || this.isDue(nowMs)) return undefined;
    return new CreditReservation({
      ...this.#state,
      expiresAtMs: nowMs + HOLD_LIFETIME_MS,
      checkpointTokens: Math.max(this.#state.checkpointTokens, tokensSoFar),
    });
  }

  /**
   * `open → settled` at the actual usage; a repeat returns the stored result.
   *
   * @throws DomainError `reservation.changed` when it was closed with another input.
   */
  settle(tokens: number, nowMs: number, success?: boolean): ClosingDecision {
    return this.#close('settled', tokens, nowMs, success);
  }

  /**
   * `open → released`: what was produced before the abort is charged, the rest goes back.
   *
   * @throws DomainError `reservation.changed` when it was closed with another input.
   */
  release(tokens: number | undefined, nowMs: number): ClosingDecision {
    const { outcome, state, checkpointTokens, lateReport } = this.#state;
    const repeated = state === 'released' ? outcome?.tokens : lateReport?.tokens;
    return this.#close('released', tokens ?? repeated ?? checkpointTokens, nowMs);
  }

  /** `open → expired`, settled to the last checkpoint; undefined when it is not due. */
  expire(nowMs: number): ClosingDecision | undefined {
    return this.isDue(nowMs) ? this.#move('expired', this.#state.checkpointTokens, nowMs) : undefined;
  }

  #close(next: 'settled' | 'released', tokens: number, nowMs: number, success?: boolean): ClosingDecision {
    const { state, outcome } = this.#state;
    if (state === 'open') return this.#move(next, tokens, nowMs, success);
    if (state === 'expired') return this.#late(next === 'settled' ? 'settle' : 'release', tokens);
    if (state === next && outcome?.tokens === tokens && outcome.success === success) {
      return { kind: 'repeated', reservation: this };
    }
    throw changed();
  }

  #move(
    next: 'settled' | 'released' | 'expired',
    tokens: number,
    nowMs: number,
    success?: boolean,
  ): ClosingDecision {
    const own = this.#state;
    const owed = chargeFor(tokens, own.priceMicrosPer1000);
    const chargeMicros = micros(Math.min(owed, own.amountMicros));
    const outcome: ReservationOutcome = {
      closedAtMs: nowMs,
      tokens,
      chargeMicros,
      refundMicros: micros(own.amountMicros - chargeMicros),
      ...(success === undefined ? {} : { success }),
    };
    const reservation = new CreditReservation({ ...own, state: next, outcome });
    return { kind: 'moved', reservation, uncollectedMicros: micros(owed - chargeMicros) };
  }

  #late(kind: LateReport['kind'], tokens: number): ClosingDecision {
    const own = this.#state;
    if (own.lateReport !== undefined) {
      if (own.lateReport.kind !== kind || own.lateReport.tokens !== tokens) throw changed();
      return { kind: 'late-repeated', reservation: this };
    }
    const owed = chargeFor(tokens, own.priceMicrosPer1000);
    const known = chargeFor(own.outcome?.tokens ?? 0, own.priceMicrosPer1000);
    const reservation = new CreditReservation({ ...own, lateReport: { kind, tokens } });
    return { kind: 'late', reservation, uncollectedMicros: micros(Math.max(0, owed - known)) };
  }
}

const changed = (): DomainError =>
  new DomainError(
    'reservation.changed',
    'This streaming session was reserved or settled with other values before',
  );
