import { expect } from 'chai';
import type { ReservationLedger } from '../../src/application/ports/accounting/reservation-ledger.ts';
import { HOLD_LIFETIME_MS } from '../../src/domain/accounting/credit-reservation.ts';
import { act, aGrant, aRequest, credits, DAY_MS, streamId, T0, user } from '../support/ledger-builders.ts';
import { expectRefusal } from '../support/refusals.ts';

/** More holds than an account need keep at hand. */
const MANY = 80;
const LATER = T0 + DAY_MS / 2;

/** That a ledger answers for a hold alike, however long it is over and however many came after it. */
export function describeLedgerMemory(ledger: () => ReservationLedger): void {
  /** Two holds, one settled and one expired, and many after them. */
  beforeEach(async () => {
    await ledger().grant(user(1), aGrant({ amountMicros: credits(100) }), act());
    const request = (number: number) => aRequest({ id: streamId(number) });
    await ledger().reserve(user(1), request(1), T0);
    await ledger().reserve(user(1), request(2), T0);
    await ledger().settle(streamId(1), 400, true, T0 + 5);
    await ledger().extend(streamId(2), 250, T0);
    await ledger().expireDue(T0 + HOLD_LIFETIME_MS, 10);
    for (let number = 3; number <= MANY; number += 1) {
      await ledger().reserve(user(1), request(number), LATER);
      await ledger().settle(streamId(number), 100, true, LATER);
    }
  });

  it('repeats a settlement and refuses a changed one', async () => {
    const repeat = await ledger().settle(streamId(1), 400, true, LATER);
    expect(repeat).to.deep.include({ repeated: true, expiredBefore: false });
    expect(repeat.reservation).to.have.nested.include({ 'outcome.chargeMicros': credits(0.4) });
    await expectRefusal(ledger().settle(streamId(1), 401, true, LATER), 'reservation.changed');
    await expectRefusal(ledger().release(streamId(1), 400, LATER), 'reservation.changed');
  });

  it('never opens a hold under its id again', async () => {
    const stored = await ledger().reserve(user(1), aRequest(), LATER);
    expect(stored.state).to.equal('settled');
    await expectRefusal(ledger().reserve(user(2), aRequest(), LATER), 'reservation.changed');
    expect(await ledger().extend(streamId(1), 1, LATER)).to.equal(undefined);
    expect(await ledger().account(user(1), LATER)).to.deep.include({ heldMicros: 0 });
  });

  it('takes a late report once, and shows it', async () => {
    const late = await ledger().settle(streamId(2), 300, true, LATER);
    expect(late).to.deep.include({ expiredBefore: true, repeated: false, uncollectedMicros: credits(0.05) });
    const again = await ledger().settle(streamId(2), 300, true, LATER);
    expect(again).to.deep.include({ expiredBefore: true, repeated: true, uncollectedMicros: 0 });
    await expectRefusal(ledger().settle(streamId(2), 301, true, LATER), 'reservation.changed');
    expect(await ledger().reservation(streamId(2))).to.deep.include({
      state: 'expired',
      lateReport: { kind: 'settle', tokens: 300 },
    });
  });

  it('lists all of them', async () => {
    const all = await ledger().reservations({ openOnly: false, limit: 1_000 });
    expect(new Set(all.map(({ id }) => id)).size).to.equal(MANY);
    expect(await ledger().usage({ limit: 1_000 })).to.have.length(MANY);
  });
}
