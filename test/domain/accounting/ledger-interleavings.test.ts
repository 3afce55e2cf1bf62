import { expect } from 'chai';
import fc from 'fast-check';
import { type AdjustmentTarget, adjustCredit } from '../../../src/domain/accounting/adjust-credit.ts';
import { applyEntry, CreditAccount, type Posting } from '../../../src/domain/accounting/credit-account.ts';
import { bySpendingOrder, type CreditGrant } from '../../../src/domain/accounting/credit-grant.ts';
import {
  type ClosingDecision,
  CreditReservation,
  type CreditReservationState,
} from '../../../src/domain/accounting/credit-reservation.ts';
import { micros, ZERO } from '../../../src/domain/accounting/credits.ts';
import { FIRST_ESTIMATE_SCALE } from '../../../src/domain/accounting/estimate-scale.ts';
import { closeHold } from '../../../src/domain/accounting/hold-closing.ts';
import type { JournalEntry } from '../../../src/domain/accounting/journal-entry.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import { act, aGrant, aRequest, T0, user } from '../../support/ledger-builders.ts';

/** What may happen next to the one account of a run. Times are offsets in milliseconds, backwards too. */
type Step =
  | { readonly do: 'grant'; readonly amount: number; readonly livesMs: number }
  | { readonly do: 'reserve'; readonly price: number; readonly prompt: number; readonly output: number }
  | { readonly do: 'extend' | 'settle' | 'release'; readonly hold: number; readonly tokens: number }
  | { readonly do: 'expire' | 'lapse' }
  | { readonly do: 'adjust-to' | 'adjust-by' | 'deduct'; readonly amount: number }
  | { readonly do: 'wait'; readonly ms: number };

const amount = fc.nat(5_000);
const tokens = fc.nat(3_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('grant' as const),
    amount,
    livesMs: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2_000_000 })),
  }),
  fc.record({
    do: fc.constant('reserve' as const),
    price: fc.nat(3_000),
    prompt: fc.nat(1_500),
    output: fc.integer({ min: 1, max: 2_000 }),
  }),
  fc.record({ do: fc.constantFrom('extend' as const, 'settle', 'release'), hold: fc.nat(9), tokens }),
  fc.record({ do: fc.constantFrom('expire' as const, 'lapse') }),
  fc.record({ do: fc.constantFrom('adjust-to' as const, 'deduct'), amount }),
  fc.record({ do: fc.constant('adjust-by' as const), amount: fc.integer({ min: -5_000, max: 5_000 }) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: -200, max: 300 }) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 700_000 }) }),
);

/** One account with its holds and its journal, as a store would keep them. */
class Books {
  nowMs = T0;
  account = CreditAccount.empty(user(1));
  readonly grants: CreditGrant[] = [];
  readonly holds: CreditReservationState[] = [];
  readonly entries: JournalEntry[] = [];

  /** Carries a step out; what the domain refuses leaves everything as it was. */
  take(next: Step): void {
    try {
      this.#take(next);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
    }
  }

  #take(next: Step): void {
    const name = `step-${this.entries.length}-${this.grants.length}`;
    if (next.do === 'wait') this.nowMs += next.ms;
    else if (next.do === 'grant') this.#grant(name, next.amount, next.livesMs);
    else if (next.do === 'reserve') this.#reserve(next);
    else if (next.do === 'deduct')
      this.#post(this.account.deduct(micros(next.amount), name, act(this.nowMs)));
    else if (next.do === 'lapse') this.#post(this.account.lapse(this.nowMs));
    else if (next.do === 'expire') this.#expire();
    else if (next.do === 'adjust-to') this.#adjust(name, { to: micros(next.amount) });
    else if (next.do === 'adjust-by') this.#adjust(name, { by: next.amount });
    else if ('hold' in next) this.#report(next);
  }

  #expire(): void {
    for (const [index, hold] of this.holds.entries()) {
      const decision = CreditReservation.restore(hold).expire(this.nowMs);
      if (decision !== undefined) this.#close(index, decision);
    }
  }

  #adjust(id: string, target: AdjustmentTarget): void {
    const change = { id, target, expiresAtMs: this.nowMs + 1_000_000 };
    this.#post(adjustCredit(this.account, change, act(this.nowMs)));
  }

  #grant(id: string, amount: number, livesMs: number): void {
    const facts = { id, amountMicros: micros(amount), expiresAtMs: this.nowMs + livesMs };
    this.#post(this.account.grant(aGrant({ ...facts, grantedAtMs: this.nowMs }), act(this.nowMs)));
  }

  #reserve(wish: { readonly price: number; readonly prompt: number; readonly output: number }): void {
    const request = aRequest({
      id: `hold-${this.holds.length}`,
      estimatedTokens: wish.prompt,
      priceMicrosPer1000: micros(wish.price),
      modelMaxOutputTokens: wish.output,
    });
    const before = this.account;
    const posting = before.reserve({ ...request, scaledTokens: wish.prompt }, this.nowMs);
    this.#post(posting);
    const hold = posting.reservation.snapshot();
    this.holds.push(hold);
    const order = before.lapse(this.nowMs).account.snapshot().grants.toSorted(bySpendingOrder);
    const spent = order.filter((grant) => hold.parts.some((part) => part.grantId === grant.id));
    expect(
      hold.parts.map((part) => part.grantId),
      'spends in order',
    ).to.deep.equal(spent.map((grant) => grant.id));
  }

  #report(next: { readonly do: string; readonly hold: number; readonly tokens: number }): void {
    const index = next.hold % Math.max(1, this.holds.length);
    const stored = this.holds[index];
    if (stored === undefined) return;
    const hold = CreditReservation.restore(stored);
    if (next.do === 'extend') {
      this.holds[index] = hold.extend(next.tokens, this.nowMs)?.snapshot() ?? stored;
    } else {
      const decision =
        next.do === 'settle' ? hold.settle(next.tokens, this.nowMs) : hold.release(next.tokens, this.nowMs);
      this.#close(index, decision);
    }
  }

  #close(index: number, decision: ClosingDecision): void {
    const closing = closeHold(this.account.snapshot(), decision, FIRST_ESTIMATE_SCALE, this.nowMs);
    this.#post({ account: CreditAccount.restore(closing.account), entries: closing.entries });
    this.holds[index] = closing.reservation;
  }

  #post({ account, entries }: Posting): void {
    this.account = account;
    this.entries.push(...entries);
    const known = new Set(this.grants.map((grant) => grant.id));
    this.grants.push(...account.snapshot().grants.filter((grant) => !known.has(grant.id)));
  }
}

function expectInvariants(books: Books): void {
  const state = books.account.snapshot();
  const { availableMicros, heldMicros, chargedMicros, expiredMicros, grantedMicros, adjustedMicros } = state;
  expect(availableMicros + heldMicros + chargedMicros + expiredMicros, 'the sums').to.equal(
    grantedMicros + adjustedMicros,
  );
  for (const sum of [availableMicros, heldMicros, chargedMicros, expiredMicros, grantedMicros]) {
    expect(sum, 'no sum is negative').to.be.at.least(0);
  }
  const open = books.holds.filter((hold) => hold.state === 'open');
  expect(
    open.reduce((sum, hold) => sum + hold.amountMicros, 0),
    'held is what open holds hold',
  ).to.equal(heldMicros);
  expect(
    state.grants.reduce((sum, grant) => sum + grant.remainingMicros, 0),
    'grants hold the available credit',
  ).to.equal(availableMicros);
  for (const grant of state.grants) {
    expect(grant.remainingMicros, 'a grant never grows').to.be.within(0, grant.amountMicros);
  }
  for (const { outcome, amountMicros } of books.holds) {
    if (outcome === undefined) continue;
    expect(outcome.refundMicros, 'refund ≤ hold').to.be.within(0, amountMicros);
    expect(outcome.chargeMicros + outcome.refundMicros).to.equal(amountMicros);
  }
}

function expectJournalToTell(books: Books): void {
  const ids = books.entries.map((entry) => entry.id);
  expect(new Set(ids).size, 'every entry has an id of its own').to.equal(ids.length);
  const unspent = books.grants.map(({ lapsed: _, ...grant }) => ({ ...grant, remainingMicros: ZERO }));
  const start = { ...CreditAccount.empty(user(1)).snapshot(), grants: unspent };
  const replayed = books.entries.reduce(applyEntry, start);
  expect(replayed, 'replaying the journal gives the account').to.deep.equal(books.account.snapshot());
  for (const hold of books.holds) {
    const ends = books.entries.filter(
      (entry) => entry.reservationId === hold.id && ['settle', 'release', 'expire'].includes(entry.kind),
    );
    expect(ends.length, 'one terminal state per hold').to.equal(hold.state === 'open' ? 0 : 1);
  }
}

describe('the ledger under random interleavings', () => {
  it('keeps its invariants after every step, and its journal tells the whole story', () => {
    const steps = fc.array(step, { minLength: 5, maxLength: 60 });
    const generous = fc.array(fc.record({ do: fc.constant('grant' as const), amount, livesMs: amount }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(generous, steps, (first, rest) => {
        const books = new Books();
        for (const next of [...first, ...rest]) {
          books.take(next);
          expectInvariants(books);
        }
        expectJournalToTell(books);
      }),
      { numRuns: 500 },
    );
  });

  it('gives back or charges everything in the end: nothing is held once all holds are closed', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
        const books = new Books();
        for (const next of steps) books.take(next);
        books.take({ do: 'wait', ms: 700_000 });
        books.take({ do: 'expire' });
        expect(books.account.snapshot().heldMicros).to.equal(0);
      }),
      { numRuns: 200 },
    );
  });
});
