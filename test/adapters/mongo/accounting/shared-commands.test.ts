import { expect } from 'chai';
import { MongoReservationLedger } from '../../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { expectBooksToBalance } from '../../../contracts/ledger-books.ts';
import { insist } from '../../../support/insist.ts';
import { act, aGrant, aRequest, credits, streamId, T0, user } from '../../../support/ledger-builders.ts';
import { type Cut, MongoProxy } from '../../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

/** Accounts that are written at once. */
const ACCOUNTS = Array.from({ length: 60 }, (_, number) => number + 1);

describe('accounts that are written together', function () {
  this.timeout(120_000);
  let mongo: TemporaryMongo;
  before(async () => {
    mongo = await temporaryMongo();
  });
  afterEach(() => mongo.clear());
  after(() => mongo.remove());

  const withCredit = async (ledger: MongoReservationLedger, amount: number): Promise<void> => {
    const grant = (n: number) => aGrant({ id: `g${n}`, amountMicros: credits(amount) });
    await Promise.all(ACCOUNTS.map((n) => ledger.grant(user(n), grant(n), act())));
  };

  /** A node of its own, whose commands are looked at. */
  async function asNode(
    decide: (command: string) => Cut,
    use: (ledger: MongoReservationLedger) => Promise<void>,
  ): Promise<void> {
    const proxy = new MongoProxy(mongo.url, ({ name, collection }) => decide(`${name} ${collection}`));
    const store = await MongoStore.open(await proxy.listen());
    const ledger = new MongoReservationLedger(store);
    try {
      await use(ledger);
    } finally {
      await ledger.close();
      await store.close();
      await proxy.close();
    }
  }

  it('share their commands, and so does the emptying of their outboxes', async () => {
    const ledger = new MongoReservationLedger(mongo.store);
    await withCredit(ledger, 10);
    await ledger.handOn();
    let updates = 0;
    await asNode(
      (command) => {
        if (command === 'update accounts') updates += 1;
        return 'pass';
      },
      async (node) => {
        await Promise.all(ACCOUNTS.map((n) => node.reserve(user(n), aRequest({ id: streamId(n) }), T0)));
        await node.handOn();
        // From here on it knows all accounts and has its connections, so that nobody comes later than the others.
        updates = 0;
        await Promise.all(ACCOUNTS.map((n) => node.settle(streamId(n), 400, true, T0)));
        await node.handOn();
      },
    );
    expect(updates).to.be.below(ACCOUNTS.length / 2);
    const pending = mongo.store.collection<{ pending: boolean }>('accounts');
    expect(await pending.countDocuments({ $or: [{ pending: true }, { outbox: { $ne: [] } }] })).to.equal(0);
    await expectBooksToBalance(ledger);
    await ledger.close();
  });

  it('are decided one by one where another node is faster at some', async () => {
    const ledger = new MongoReservationLedger(mongo.store);
    const other = new MongoReservationLedger(mongo.store);
    await withCredit(ledger, 1);
    // Each knows the other half of the accounts from before, and what it knows is out of date.
    await Promise.all(ACCOUNTS.map((n) => (n % 2 === 0 ? other : ledger).account(user(n), T0)));
    const outcomes = await Promise.all(
      ACCOUNTS.map(async (n) => {
        const tries = [ledger, other].map((node, place) =>
          node.reserve(user(n), aRequest({ id: streamId(2 * n + place) }), T0).then(
            () => 'held',
            (error: { code?: string }) => error.code,
          ),
        );
        return (await Promise.all(tries)).toSorted();
      }),
    );
    expect(outcomes).to.deep.equal(ACCOUNTS.map(() => ['credit.insufficient', 'held']));
    for (const n of ACCOUNTS) {
      expect(await ledger.account(user(n), T0)).to.deep.include({
        availableMicros: 0,
        heldMicros: credits(1),
      });
    }
    await expectBooksToBalance(ledger);
    await Promise.all([ledger.close(), other.close()]);
  });

  for (const cut of ['before', 'after'] as const satisfies readonly Cut[]) {
    it(`are charged once each when their connection breaks three times ${cut} it sends their command`, async () => {
      const ledger = new MongoReservationLedger(mongo.store);
      await withCredit(ledger, 10);
      let left = 0;
      await asNode(
        (command) => {
          if (left === 0 || command !== 'update accounts') return 'pass';
          left -= 1;
          return cut;
        },
        async (node) => {
          for (const phase of ['reserve', 'settle'] as const) {
            left = 3;
            await Promise.all(
              ACCOUNTS.map((n) =>
                insist<unknown>(() =>
                  phase === 'reserve'
                    ? node.reserve(user(n), aRequest({ id: streamId(n) }), T0)
                    : node.settle(streamId(n), 400, true, T0),
                ),
              ),
            );
            expect(left, 'breaks that were not met').to.be.below(3);
          }
          await node.handOn();
        },
      );
      for (const n of ACCOUNTS) {
        expect(await ledger.account(user(n), T0)).to.deep.include({
          heldMicros: credits(0),
          chargedMicros: credits(0.4),
        });
      }
      expect(await ledger.usage({ limit: 1_000 })).to.have.length(ACCOUNTS.length);
      await expectBooksToBalance(ledger);
      await ledger.close();
    });
  }
});
