import { MongoReservationLedger } from '../../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { describeReservationLedger } from '../../../contracts/reservation-ledger.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

describe('the ledger of a fleet', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  before(async () => {
    temporary = await temporaryMongo();
  });
  after(() => temporary.remove());

  describeReservationLedger('MongoReservationLedger', async () => {
    const ledger = new MongoReservationLedger(temporary.store);
    return {
      ledger,
      close: async () => {
        await ledger.close();
        await temporary.clear();
      },
    };
  });
});
