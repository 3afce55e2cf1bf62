import { expect } from 'chai';
import { startMongodb } from '../../../../scripts/services/mongodb.ts';
import type { OwnServer } from '../../../../scripts/services/own-server.ts';
import { MongoReservationLedger } from '../../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { expectBooksToBalance } from '../../../contracts/ledger-books.ts';
import { eventually } from '../../../support/eventually.ts';
import { insist } from '../../../support/insist.ts';
import { act, aGrant, aRequest, credits, streamId, T0, user } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

const CALLERS = 10;
const PAIRS_EACH = 30;
const ACCOUNTS = 3;
const KILLS = 3;

describe('a ledger whose server is killed and started over', function () {
  this.timeout(180_000);
  let server: OwnServer;
  let mongo: TemporaryMongo;
  let ledger: MongoReservationLedger;
  before(async () => {
    server = await startMongodb();
    mongo = await temporaryMongo(server.url);
    ledger = new MongoReservationLedger(mongo.store);
  });
  after(async () => {
    await ledger.close();
    await mongo.remove();
    await server.stop();
  });

  it('charges every settlement once and loses none, in the middle of load', async () => {
    for (let account = 0; account < ACCOUNTS; account += 1) {
      const grant = aGrant({ id: `g-${account}`, amountMicros: credits(10_000) });
      await ledger.grant(user(account), grant, act());
    }
    let done = 0;
    const callers = Array.from({ length: CALLERS }, async (_, caller) => {
      for (let pair = 0; pair < PAIRS_EACH; pair += 1) {
        const number = caller * PAIRS_EACH + pair + 1;
        const id = streamId(number);
        await insist(() => ledger.reserve(user(number % ACCOUNTS), aRequest({ id }), T0));
        await insist(() => ledger.settle(id, 400, true, T0));
        done += 1;
      }
    });
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const from = done;
      await eventually(async () => expect(done).to.be.at.least(from + CALLERS), 60_000);
      await server.kill();
      await server.restart();
    }
    await Promise.all(callers);
    await insist(() => expectBooksToBalance(ledger));
    const total = CALLERS * PAIRS_EACH;
    expect(await ledger.usage({ limit: 2 * total })).to.have.length(total);
    const charged = await Promise.all(
      Array.from(
        { length: ACCOUNTS },
        async (_, account) => (await ledger.account(user(account), T0)).chargedMicros,
      ),
    );
    expect(charged.reduce<number>((sum, one) => sum + one, 0)).to.equal(credits(0.4 * total));
  });
});
