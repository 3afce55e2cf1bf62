import { expect } from 'chai';
import {
  ACCOUNTS,
  type AccountDocument,
  keyOf,
} from '../../../../src/adapters/outbound/mongo/accounting/ledger-documents.ts';
import { MongoReservationLedger } from '../../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { DomainError } from '../../../../src/domain/domain-error.ts';
import { describeReservationLedger } from '../../../contracts/reservation-ledger.ts';
import { act, aGrant, aRequest, streamId, T0, user } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

/** Most holds, open or closed lately, and most grants with credit of one account. */
const MAX_HOLDS = 4_096;
const MAX_GRANTS = 1_000;

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

  describe('when an account has as much under way as it may', () => {
    let ledger: MongoReservationLedger;
    beforeEach(async () => {
      ledger = new MongoReservationLedger(temporary.store);
      await ledger.grant(user(1), aGrant(), act());
      await ledger.reserve(user(1), aRequest(), T0);
    });
    afterEach(async () => {
      await ledger.close();
      await temporary.clear();
    });

    /** Puts copies of what an account has beside it, under ids of their own, until there are so many. */
    async function crowd(field: 'holds' | 'grants', most: number): Promise<void> {
      const accounts = temporary.store.collection<AccountDocument>(ACCOUNTS);
      const document = await accounts.findOne({ _id: user(1) });
      const present: Readonly<Record<string, { readonly id: string }>> = document?.[field] ?? {};
      const [one] = Object.values(present);
      const copies = Array.from({ length: most - 1 }, (_, copy) => {
        const id = `${one?.id}-${copy}`;
        return [keyOf(id), { ...one, id }];
      });
      const crowded = { ...present, ...Object.fromEntries(copies) };
      await accounts.updateOne({ _id: user(1) }, { $set: { [field]: crowded }, $inc: { version: 1 } });
    }

    const expectBusy = async (write: Promise<unknown>): Promise<void> => {
      const refusal = await write.catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(DomainError).and.include({ code: 'credit.account_busy' });
      expect((refusal as DomainError).details)
        .to.have.property('retryAfterMs')
        .that.is.greaterThan(0);
    };

    it('refuses a hold more, says when to come again, and knows those that it has', async () => {
      await crowd('holds', MAX_HOLDS);
      const fresh = new MongoReservationLedger(temporary.store);
      await expectBusy(fresh.reserve(user(1), aRequest({ id: streamId(2) }), T0));
      expect(await fresh.reserve(user(1), aRequest(), T0)).to.include({ state: 'open' });
      expect(await fresh.reservation(streamId(2))).to.equal(undefined);
      await fresh.close();
    });

    it('refuses a grant more, and says when to come again', async () => {
      await crowd('grants', MAX_GRANTS);
      const fresh = new MongoReservationLedger(temporary.store);
      await expectBusy(fresh.grant(user(1), aGrant({ id: 'one-more' }), act()));
      await fresh.close();
    });
  });
});
