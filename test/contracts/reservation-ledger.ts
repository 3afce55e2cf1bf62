import { expect } from 'chai';
import type { ReservationLedger } from '../../src/application/ports/accounting/reservation-ledger.ts';
import { HOLD_LIFETIME_MS } from '../../src/domain/accounting/credit-reservation.ts';
import { act, aGrant, aRequest, credits, DAY_MS, streamId, T0, user } from '../support/ledger-builders.ts';
import { expectRefusal } from '../support/refusals.ts';
import { expectBooksToBalance } from './ledger-books.ts';
import { describeLedgerAccounts } from './reservation-ledger-accounts.ts';
import { describeLateLedgerWrites } from './reservation-ledger-late.ts';
import { describeLedgerMemory } from './reservation-ledger-memory.ts';
import { describeLedgerRaces } from './reservation-ledger-races.ts';

/** A ledger under test, and how to put it away. */
export interface LedgerUnderTest {
  readonly ledger: ReservationLedger;
  close(): Promise<void>;
}

/** The behaviour of every `ReservationLedger`. */
export function describeReservationLedger(name: string, create: () => Promise<LedgerUnderTest>): void {
  describe(`${name} as a ReservationLedger`, () => {
    let subject: LedgerUnderTest;
    let ledger: ReservationLedger;

    beforeEach(async () => {
      subject = await create();
      ledger = subject.ledger;
    });
    afterEach(async () => {
      await expectBooksToBalance(ledger);
      await subject.close();
    });

    describeHolds(() => ledger);
    describe('closing a hold', () => describeClosings(() => ledger));
    describe('expiry', () => describeExpiry(() => ledger));
    describeEstimates(() => ledger);
    describe('what is long over', () => describeLedgerMemory(() => ledger));
    describeLedgerAccounts(() => ledger);
    describeLedgerRaces(() => ledger);
    describeLateLedgerWrites(() => ledger);
  });
}

function describeHolds(ledger: () => ReservationLedger): void {
  it('holds the worst case of a call and shows it as held', async () => {
    await ledger().grant(user(1), aGrant(), act());
    const reservation = await ledger().reserve(user(1), aRequest(), T0);
    expect(reservation).to.deep.include({
      state: 'open',
      amountMicros: credits(1),
      maxOutputTokens: 900,
      expiresAtMs: T0 + HOLD_LIFETIME_MS,
      parts: [{ grantId: 'grant-1', micros: credits(1) }],
    });
    expect(await ledger().reservation(reservation.id)).to.deep.equal(reservation);
    expect(await ledger().account(user(1), T0)).to.deep.include({
      availableMicros: credits(9),
      heldMicros: credits(1),
    });
  });

  it('returns the stored hold to a repeat with the same values, and refuses one with others', async () => {
    await ledger().grant(user(1), aGrant(), act());
    const first = await ledger().reserve(user(1), aRequest(), T0);
    expect(await ledger().reserve(user(1), aRequest(), T0 + 5)).to.deep.equal(first);
    const changed = 'reservation.changed';
    await expectRefusal(ledger().reserve(user(1), aRequest({ estimatedTokens: 101 }), T0), changed);
    await expectRefusal(ledger().reserve(user(1), aRequest({ modelId: 'other' }), T0), changed);
    await expectRefusal(ledger().reserve(user(2), aRequest(), T0), changed);
    expect(await ledger().account(user(1), T0)).to.deep.include({ heldMicros: credits(1) });
  });

  it('refuses a hold that the available credit does not pay for, and writes nothing', async () => {
    await expectRefusal(ledger().reserve(user(1), aRequest(), T0), 'credit.insufficient');
    await ledger().grant(user(1), aGrant({ amountMicros: credits(0.355999) }), act());
    await expectRefusal(ledger().reserve(user(1), aRequest(), T0), 'credit.insufficient');
    expect(await ledger().reservation(streamId(1))).to.equal(undefined);
    expect(await ledger().journal({ afterCursor: 0, limit: 10 })).to.have.length(1);
  });

  it('does not count credit that has expired', async () => {
    await ledger().grant(user(1), aGrant({ expiresAtMs: T0 + DAY_MS }), act());
    await expectRefusal(ledger().reserve(user(1), aRequest(), T0 + DAY_MS), 'credit.insufficient');
    const account = await ledger().account(user(1), T0 + DAY_MS);
    expect(account).to.deep.include({ availableMicros: 0, expiredMicros: credits(10), grants: [] });
  });

  it('renews an open hold with a checkpoint that never goes back', async () => {
    await ledger().grant(user(1), aGrant(), act());
    await ledger().reserve(user(1), aRequest(), T0);
    const extended = await ledger().extend(streamId(1), 300, T0 + 1_000);
    expect(extended).to.deep.include({ checkpointTokens: 300, expiresAtMs: T0 + 1_000 + HOLD_LIFETIME_MS });
    await ledger().extend(streamId(1), 200, T0 + 2_000);
    expect(await ledger().reservation(streamId(1))).to.deep.include({
      checkpointTokens: 300,
      expiresAtMs: T0 + 2_000 + HOLD_LIFETIME_MS,
    });
  });

  it('does not renew a hold that is closed, due or voided, and knows no others', async () => {
    await ledger().grant(user(1), aGrant(), act());
    await ledger().reserve(user(1), aRequest(), T0);
    expect(await ledger().extend(streamId(1), 1, T0 + HOLD_LIFETIME_MS)).to.equal(undefined);
    await ledger().settle(streamId(1), 100, true, T0);
    expect(await ledger().extend(streamId(1), 200, T0)).to.equal(undefined);
    await ledger().release(streamId(2), 0, T0);
    expect(await ledger().extend(streamId(2), 1, T0)).to.equal(undefined);
    await expectRefusal(ledger().extend(streamId(3), 1, T0), 'reservation.not_found');
  });
}

function describeClosings(ledger: () => ReservationLedger): void {
  beforeEach(async () => {
    await ledger().grant(user(1), aGrant(), act());
    await ledger().reserve(user(1), aRequest(), T0);
  });

  it('settles to the actual usage, refunds the rest and writes one usage record', async () => {
    const closed = await ledger().settle(streamId(1), 400, true, T0 + 5);
    expect(closed).to.deep.include({ expiredBefore: false, repeated: false, uncollectedMicros: 0 });
    expect(closed.reservation).to.deep.include({
      state: 'settled',
      outcome: {
        closedAtMs: T0 + 5,
        tokens: 400,
        chargeMicros: credits(0.4),
        refundMicros: credits(0.6),
        success: true,
      },
    });
    expect(await ledger().account(user(1), T0 + 5)).to.deep.include({
      availableMicros: credits(9.6),
      heldMicros: 0,
      chargedMicros: credits(0.4),
    });
    expect(await ledger().usage({ userId: user(1), limit: 10 })).to.deep.equal([
      {
        id: `${streamId(1)}:usage`,
        userId: user(1),
        service: 'chat-streaming',
        modelId: 'handbook',
        streamId: streamId(1),
        tokens: 400,
        chargeMicros: credits(0.4),
        atMs: T0 + 5,
      },
    ]);
  });

  it('returns the stored result to a repeat and refuses a changed one', async () => {
    const first = await ledger().settle(streamId(1), 400, true, T0 + 5);
    const repeat = await ledger().settle(streamId(1), 400, true, T0 + 9);
    expect(repeat).to.deep.equal({ ...first, repeated: true });
    const changed = 'reservation.changed';
    await expectRefusal(ledger().settle(streamId(1), 401, true, T0 + 9), changed);
    await expectRefusal(ledger().settle(streamId(1), 400, false, T0 + 9), changed);
    await expectRefusal(ledger().release(streamId(1), 400, T0 + 9), changed);
    expect(await ledger().usage({ limit: 10 })).to.have.length(1);
  });

  it('charges a release what was produced, and writes usage only when that is anything', async () => {
    const closed = await ledger().release(streamId(1), 150, T0 + 5);
    expect(closed).to.have.nested.include({
      'reservation.state': 'released',
      'reservation.outcome.chargeMicros': credits(0.15),
    });
    expect(await ledger().release(streamId(1), undefined, T0 + 6)).to.deep.include({ repeated: true });
    await ledger().reserve(user(1), aRequest({ id: streamId(2) }), T0);
    await ledger().release(streamId(2), 0, T0 + 5);
    expect((await ledger().usage({ limit: 10 })).map((record) => record.tokens)).to.deep.equal([150]);
    expect(await ledger().account(user(1), T0 + 5)).to.deep.include({ availableMicros: credits(9.85) });
  });

  it('releases to the checkpoint when nobody says what was produced', async () => {
    await ledger().extend(streamId(1), 250, T0 + 1);
    const closed = await ledger().release(streamId(1), undefined, T0 + 5);
    expect(closed).to.have.nested.include({ 'reservation.outcome.tokens': 250 });
  });

  it('knows nothing of an id that was never reserved, and voids it when it is released', async () => {
    await expectRefusal(ledger().settle(streamId(2), 1, true, T0), 'reservation.not_found');
    expect(await ledger().release(streamId(2), 5, T0)).to.equal('unknown');
    expect(await ledger().release(streamId(2), 5, T0 + 1)).to.equal('unknown');
    await expectRefusal(ledger().settle(streamId(2), 1, true, T0), 'reservation.not_found');
    const late = ledger().reserve(user(1), aRequest({ id: streamId(2) }), T0 + 2);
    await expectRefusal(late, 'reservation.voided');
    const voided = (await ledger().journal({ afterCursor: 0, limit: 10 })).map(({ entry }) => entry.id);
    expect(voided).to.include(`${streamId(2)}:void`);
    expect(await ledger().reservations({ openOnly: false, limit: 10 })).to.have.length(1);
  });

  it('refunds into the grant that paid, and not into one that has expired meanwhile', async () => {
    const soon = aGrant({ id: 'soon', amountMicros: credits(0.5), expiresAtMs: T0 + 1_000 });
    await ledger().grant(user(2), soon, act());
    await ledger().grant(user(2), aGrant({ id: 'later' }), act());
    const held = await ledger().reserve(user(2), aRequest({ id: streamId(2) }), T0);
    expect(held.parts).to.deep.equal([
      { grantId: 'soon', micros: credits(0.5) },
      { grantId: 'later', micros: credits(0.5) },
    ]);
    await ledger().settle(streamId(2), 300, true, T0 + 2_000);
    expect(await ledger().account(user(2), T0 + 2_000)).to.deep.include({
      availableMicros: credits(10),
      chargedMicros: credits(0.3),
      expiredMicros: credits(0.2),
    });
  });
}

function describeExpiry(ledger: () => ReservationLedger): void {
  const due = T0 + HOLD_LIFETIME_MS;
  beforeEach(async () => {
    await ledger().grant(user(1), aGrant(), act());
    await ledger().reserve(user(1), aRequest(), T0);
  });

  it('closes a hold whose time is over to its checkpoint, and none before', async () => {
    expect(await ledger().expireDue(due - 1, 10)).to.deep.equal({ holds: 0, grants: 0 });
    await ledger().extend(streamId(1), 250, T0);
    expect(await ledger().expireDue(due, 10)).to.deep.equal({ holds: 1, grants: 0 });
    expect(await ledger().expireDue(due, 10)).to.deep.equal({ holds: 0, grants: 0 });
    expect(await ledger().reservation(streamId(1))).to.have.nested.include({
      state: 'expired',
      'outcome.chargeMicros': credits(0.25),
    });
    expect(await ledger().usage({ limit: 10 })).to.have.length(1);
  });

  it('answers a report after expiry with what expiry fixed, once as late and then as a repeat', async () => {
    await ledger().extend(streamId(1), 250, T0);
    await ledger().expireDue(due, 10);
    const late = await ledger().settle(streamId(1), 300, true, due + 1);
    expect(late).to.deep.include({ expiredBefore: true, repeated: false, uncollectedMicros: credits(0.05) });
    expect(late.reservation).to.have.nested.include({ 'outcome.chargeMicros': credits(0.25) });
    const again = await ledger().settle(streamId(1), 300, true, due + 2);
    expect(again).to.deep.include({ expiredBefore: true, repeated: true, uncollectedMicros: 0 });
    await expectRefusal(ledger().settle(streamId(1), 301, true, due + 3), 'reservation.changed');
    const { entry } = (await ledger().journal({ afterCursor: 0, limit: 20 })).at(-1) ?? {};
    expect(entry).to.deep.include({ kind: 'uncollected', uncollectedMicros: credits(0.05) });
  });

  it('journals what even the checkpoint owed and what a later report adds, each once', async () => {
    await ledger().extend(streamId(1), 1_200, T0);
    await ledger().expireDue(due, 10);
    await ledger().settle(streamId(1), 1_500, true, due + 1);
    const rows = await ledger().journal({ afterCursor: 0, limit: 20 });
    const owed = rows.map(({ entry }) => entry).filter((entry) => entry.kind === 'uncollected');
    expect(owed.map((entry) => entry.uncollectedMicros)).to.deep.equal([credits(0.2), credits(0.3)]);
  });

  it('closes and lapses at most as many as it is told', async () => {
    for (const number of [2, 3]) {
      await ledger().reserve(user(1), aRequest({ id: streamId(number) }), T0);
      await ledger().grant(user(number), aGrant({ id: `grant-${number}`, expiresAtMs: due }), act());
    }
    expect(await ledger().expireDue(due, 1)).to.deep.equal({ holds: 1, grants: 1 });
    expect(await ledger().expireDue(due, 2)).to.deep.equal({ holds: 2, grants: 1 });
    expect(await ledger().expireDue(due, 2)).to.deep.equal({ holds: 0, grants: 0 });
    expect(await ledger().account(user(2), T0)).to.deep.include({ expiredMicros: credits(10) });
  });

  it('keeps a lapsed grant gone for a caller whose clock is behind', async () => {
    await ledger().grant(user(2), aGrant({ id: 'short', expiresAtMs: T0 + 100 }), act());
    await ledger().reserve(user(2), aRequest({ id: streamId(2) }), T0);
    await ledger().expireDue(T0 + 100, 10);
    await ledger().settle(streamId(2), 100, true, T0 + 99);
    await ledger().expireDue(T0 + 100, 10);
    expect(await ledger().account(user(2), T0 + 100)).to.deep.include({
      availableMicros: 0,
      expiredMicros: credits(9.9),
    });
  });
}

function describeEstimates(ledger: () => ReservationLedger): void {
  it('scales the next estimates of a user for a model that cost more than its hold', async () => {
    await ledger().grant(user(1), aGrant({ amountMicros: credits(100) }), act());
    await ledger().reserve(user(1), aRequest(), T0);
    const closed = await ledger().settle(streamId(1), 1_100, true, T0);
    expect(closed.uncollectedMicros).to.equal(credits(0.1));
    const next = await ledger().reserve(user(1), aRequest({ id: streamId(2) }), T0);
    expect(next.amountMicros).to.equal(credits(1.1));
    const other = aRequest({ id: streamId(3), modelId: 'other' });
    expect((await ledger().reserve(user(1), other, T0)).amountMicros).to.equal(credits(1));
    expect(await ledger().reserve(user(1), aRequest({ id: streamId(2) }), T0)).to.deep.equal(next);
  });

  it('stops raising the scale at sixteen', async () => {
    await ledger().grant(user(1), aGrant({ amountMicros: credits(100) }), act());
    for (const number of [1, 2, 3, 4, 5, 6]) {
      await ledger().reserve(user(1), aRequest({ id: streamId(number) }), T0);
      await ledger().settle(streamId(number), 10_000, true, T0);
    }
    const next = await ledger().reserve(user(1), aRequest({ id: streamId(7) }), T0);
    expect(next.amountMicros).to.equal(credits(2.5));
  });
}
