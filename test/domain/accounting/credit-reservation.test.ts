import { expect } from 'chai';
import {
  type ClosingDecision,
  CreditReservation,
  HOLD_LIFETIME_MS,
} from '../../../src/domain/accounting/credit-reservation.ts';
import { credits, streamId, T0, user } from '../../support/ledger-builders.ts';
import { expectThrown } from '../../support/refusals.ts';

const DUE = T0 + HOLD_LIFETIME_MS;

/** An open hold of 1 credit at 1 credit per 1,000 tokens. */
const open = (): CreditReservation =>
  CreditReservation.open({
    id: streamId(1),
    userId: user(1),
    modelId: 'handbook',
    estimatedTokens: 100,
    amountMicros: credits(1),
    parts: [{ grantId: 'grant-1', micros: credits(1) }],
    priceMicrosPer1000: credits(1),
    maxOutputTokens: 900,
    limitedBy: 'model',
    openedAtMs: T0,
  });

const decided = (decision: ClosingDecision | undefined): CreditReservation => {
  if (decision === undefined) throw new Error('nothing was decided');
  return decision.reservation;
};
const expired = (): CreditReservation => decided(open().expire(DUE));
const summary = (decision: ClosingDecision): unknown => ({
  kind: decision.kind,
  state: decision.reservation.snapshot().state,
  tokens: decision.reservation.snapshot().outcome?.tokens,
});

describe('CreditReservation', () => {
  it('gives its state back as it was taken', () => {
    const state = open().snapshot();
    expect(CreditReservation.restore(state).snapshot()).to.deep.equal(state);
  });

  it('charges the actual usage, never more than the hold, and tells what it could not collect', () => {
    const cases = [
      { tokens: 0, charge: 0, uncollected: 0 },
      { tokens: 400, charge: 0.4, uncollected: 0 },
      { tokens: 1_000, charge: 1, uncollected: 0 },
      { tokens: 1_001, charge: 1, uncollected: 0.001 },
    ];
    for (const { tokens, charge, uncollected } of cases) {
      const decision = open().settle(tokens, T0 + 5, true);
      expect(decision).to.deep.include({ kind: 'moved', uncollectedMicros: credits(uncollected) });
      expect(decision.reservation.snapshot().outcome).to.deep.equal({
        closedAtMs: T0 + 5,
        tokens,
        chargeMicros: credits(charge),
        refundMicros: credits(1) - credits(charge),
        success: true,
      });
    }
  });

  const settled = (): CreditReservation => decided(open().settle(400, T0, true));
  const released = (): CreditReservation => decided(open().release(150, T0));
  const lateSettled = (): CreditReservation => decided(expired().settle(400, DUE, true));
  const lateReleased = (): CreditReservation => decided(expired().release(150, DUE));

  /** What every report meets in every state: the closing table. */
  const TABLE: ReadonlyArray<
    readonly [state: string, from: () => CreditReservation, report: string, outcome: string]
  > = [
    ['open', open, 'settle 400', 'moved'],
    ['open', open, 'release 150', 'moved'],
    ['open', open, 'release', 'moved'],
    ['settled', settled, 'settle 400', 'repeated'],
    ['settled', settled, 'settle 401', 'changed'],
    ['settled', settled, 'settle 400 failed', 'changed'],
    ['settled', settled, 'release 400', 'changed'],
    ['settled', settled, 'release', 'changed'],
    ['released', released, 'release 150', 'repeated'],
    ['released', released, 'release', 'repeated'],
    ['released', released, 'release 151', 'changed'],
    ['released', released, 'settle 150', 'changed'],
    ['expired', expired, 'settle 400', 'late'],
    ['expired', expired, 'release 150', 'late'],
    ['expired', expired, 'release', 'late'],
    ['reported late by settle', lateSettled, 'settle 400', 'late-repeated'],
    ['reported late by settle', lateSettled, 'settle 401', 'changed'],
    ['reported late by settle', lateSettled, 'release 400', 'changed'],
    ['reported late by release', lateReleased, 'release 150', 'late-repeated'],
    ['reported late by release', lateReleased, 'release', 'late-repeated'],
    ['reported late by release', lateReleased, 'release 151', 'changed'],
    ['reported late by release', lateReleased, 'settle 150', 'changed'],
  ];
  for (const [state, from, report, outcome] of TABLE) {
    it(`answers "${report}" with ${outcome} when it is ${state}`, () => {
      const [verb, count, word] = report.split(' ');
      const tokens = count === undefined ? undefined : Number(count);
      const own = from();
      const ask = (): ClosingDecision =>
        verb === 'settle'
          ? own.settle(tokens ?? 0, DUE + 9, word === undefined)
          : own.release(tokens, DUE + 9);
      if (outcome === 'changed') {
        expectThrown(ask, 'reservation.changed');
        return;
      }
      const decision = ask();
      expect(decision.kind).to.equal(outcome);
      if (outcome.endsWith('repeated')) {
        expect(decision.reservation.snapshot()).to.deep.equal(own.snapshot());
      }
      if (outcome === 'late') {
        expect(decision.reservation.snapshot().outcome).to.deep.equal(own.snapshot().outcome);
      }
    });
  }

  it('expires only when its time is over, and to its checkpoint', () => {
    expect(open().expire(DUE - 1)).to.equal(undefined);
    const extended = open().extend(250, T0 + 1_000);
    expect(extended?.expire(DUE)).to.equal(undefined);
    const decision = extended?.expire(DUE + 1_000);
    expect(decision && summary(decision)).to.deep.equal({ kind: 'moved', state: 'expired', tokens: 250 });
    expect(settled().expire(DUE)).to.equal(undefined);
  });

  it('tells a late report only of what expiry did not know', () => {
    const own = decided(open().extend(1_200, T0)?.expire(DUE));
    expect(own.settle(1_500, DUE)).to.deep.include({ uncollectedMicros: credits(0.3) });
    expect(own.settle(1_100, DUE)).to.deep.include({ uncollectedMicros: 0 });
  });

  it('extends only while it is open and its time is not over', () => {
    expect(open().extend(1, DUE)).to.equal(undefined);
    expect(settled().extend(1, T0)).to.equal(undefined);
    expect(
      open()
        .extend(5, T0 + 1)
        ?.extend(3, T0 + 2)
        ?.snapshot(),
    ).to.include({
      checkpointTokens: 5,
      expiresAtMs: T0 + 2 + HOLD_LIFETIME_MS,
    });
  });

  it('accepts a repeat of its reserve, refuses another one, and refuses all once it is voided', () => {
    const same = { userId: user(1), modelId: 'handbook', estimatedTokens: 100 };
    open().requireSameRequest(same);
    for (const other of [{ userId: user(2) }, { modelId: 'other' }, { estimatedTokens: 101 }]) {
      expectThrown(() => open().requireSameRequest({ ...same, ...other }), 'reservation.changed');
    }
    const voided = CreditReservation.voided(streamId(1), T0);
    expectThrown(() => voided.requireSameRequest(same), 'reservation.voided');
    expect(voided.isOpen).to.equal(false);
    expectThrown(() => voided.settle(1, T0), 'reservation.changed');
  });
});
