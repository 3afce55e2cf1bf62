import { SqliteReservationLedger } from '../../../../src/adapters/outbound/sqlite/accounting/sqlite-reservation-ledger.ts';
import { describeReservationLedger } from '../../../contracts/reservation-ledger.ts';
import { type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

describe('the embedded ledger', () => {
  let temporary: TemporaryStore;
  before(async () => {
    temporary = await temporaryStore();
  });
  after(() => temporary.remove());

  describeReservationLedger('SqliteReservationLedger', async () => ({
    ledger: new SqliteReservationLedger(temporary.store),
    close: async () => temporary.clear(),
  }));
});
