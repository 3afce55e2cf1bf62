import { expect } from 'chai';
import {
  ACCOUNTS,
  type AccountDocument,
  keyOf,
} from '../../../../src/adapters/outbound/mongo/accounting/ledger-documents.ts';
import { MongoReservationLedger } from '../../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { HOLD_LIFETIME_MS } from '../../../../src/domain/accounting/credit-reservation.ts';
import { act, aGrant, aRequest, credits, streamId, T0, user } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

const DUE = T0 + HOLD_LIFETIME_MS;

describe('the ledger of a fleet with a damaged hold', function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  let ledger: MongoReservationLedger;
  before(async () => {
    mongo = await temporaryMongo();
    ledger = new MongoReservationLedger(mongo.store);
  });
  after(async () => {
    await ledger.close();
    await mongo.remove();
  });

  it('expires every other hold and grant, and says that it could not all', async () => {
    for (const number of [1, 2]) {
      await ledger.grant(user(number), aGrant({ id: `grant-${number}` }), act());
      await ledger.reserve(user(number), aRequest({ id: streamId(number) }), T0 + number);
    }
    await ledger.grant(user(3), aGrant({ id: 'soon', expiresAtMs: DUE }), act());
    const accounts = mongo.store.collection<AccountDocument>(ACCOUNTS);
    const damage = { [`holds.${keyOf(streamId(1))}.parts`]: null, version: 1_000 };
    await accounts.updateOne({ _id: user(1) }, { $set: damage });
    const fault = await ledger.expireDue(DUE + 2, 10).catch((error: unknown) => error);
    expect(fault).to.be.instanceOf(Error);
    expect((await ledger.reservation(streamId(2)))?.state).to.equal('expired');
    const document = await accounts.findOne({ _id: user(3) });
    expect(document?.sums).to.deep.include({ availableMicros: 0, expiredMicros: credits(10) });
  });
});
