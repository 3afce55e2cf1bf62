import { expect } from 'chai';
import { SqliteReservationLedger } from '../../../../src/adapters/outbound/sqlite/accounting/sqlite-reservation-ledger.ts';
import { HOLD_LIFETIME_MS } from '../../../../src/domain/accounting/credit-reservation.ts';
import { act, aGrant, aRequest, streamId, T0, user } from '../../../support/ledger-builders.ts';
import { type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

const DUE = T0 + HOLD_LIFETIME_MS;

describe('the embedded ledger with a damaged hold', () => {
  let temporary: TemporaryStore;
  let ledger: SqliteReservationLedger;
  beforeEach(async () => {
    temporary = await temporaryStore();
    ledger = new SqliteReservationLedger(temporary.store);
    for (const number of [1, 2]) {
      await ledger.grant(user(number), aGrant({ id: `grant-${number}` }), act());
      await ledger.reserve(user(number), aRequest({ id: streamId(number) }), T0 + number);
    }
    await ledger.grant(user(3), aGrant({ id: 'soon', expiresAtMs: DUE }), act());
    temporary.exec(`UPDATE reservations SET parts = '{' WHERE id = '${streamId(1)}'`);
  });
  afterEach(() => temporary.remove());

  it('expires every other hold and grant, and says which it could not', async () => {
    const fault = await ledger.expireDue(DUE + 2, 10).catch((error: Error) => error.message);
    expect(fault).to.contain(streamId(1));
    expect((await ledger.reservation(streamId(2)))?.state).to.equal('expired');
    const lapsed = await ledger.grants({ userId: user(3), offset: 0, limit: 1 });
    expect(lapsed.rows[0]?.grant).to.deep.include({ remainingMicros: 0, lapsed: true });
  });
});
