import { expect } from 'chai';
import { MongoReservationLedger } from '../../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { HOLD_LIFETIME_MS } from '../../../../src/domain/accounting/credit-reservation.ts';
import { expectBooksToBalance } from '../../../contracts/ledger-books.ts';
import { insist } from '../../../support/insist.ts';
import {
  act,
  aGrant,
  aRequest,
  credits,
  DAY_MS,
  streamId,
  T0,
  user,
} from '../../../support/ledger-builders.ts';
import { type Cut, MongoProxy } from '../../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

/** The commands by which the ledger reads and writes. */
const COMMANDS = [
  'find accounts',
  'insert accounts',
  'update accounts',
  'find reservations',
  'insert reservations',
  'update reservations',
  'insert journal',
  'insert usage',
  'update grants',
];

describe('a ledger whose connections break', function () {
  this.timeout(120_000);
  let mongo: TemporaryMongo;
  before(async () => {
    mongo = await temporaryMongo();
  });
  afterEach(() => mongo.clear());
  after(() => mongo.remove());

  for (const command of COMMANDS) {
    for (const cut of ['before', 'after'] as const) {
      // The driver itself tries a command twice: three breaks in a row are what it cannot hide.
      for (const times of [1, 3]) {
        const often = times === 1 ? 'once' : 'three times';
        it(`charges right when the connection breaks ${often} ${cut} it sends ${command}`, () =>
          withBreaks(mongo, command, cut, times, useUpCredit));
      }
    }
  }
});

async function withBreaks(
  mongo: TemporaryMongo,
  command: string,
  cut: Cut,
  times: number,
  use: (ledger: MongoReservationLedger) => Promise<void>,
): Promise<void> {
  let left = 0;
  const proxy = new MongoProxy(mongo.url, ({ name, collection }) => {
    if (left === 0 || `${name} ${collection}` !== command) return 'pass';
    left -= 1;
    return cut;
  });
  const store = await MongoStore.open(await proxy.listen());
  const ledger = new MongoReservationLedger(store);
  left = times;
  try {
    await use(ledger);
    expect(left, 'breaks that were not met').to.be.below(times);
  } finally {
    await ledger.close();
    await store.close();
    await proxy.close();
  }
  const after = new MongoReservationLedger(mongo.store);
  await expectBooksToBalance(after);
  expect(await after.account(user(1), T0)).to.deep.include({
    chargedMicros: credits(70 * 0.4 + 0.15 + 2),
    heldMicros: credits(0),
    grantedMicros: credits(100),
    adjustedMicros: credits(5),
  });
  expect(await after.usage({ limit: 1_000 })).to.have.length(73);
  expect(await after.reservations({ openOnly: false, limit: 1_000 })).to.have.length(72);
  expect(await after.reservation(streamId(73))).to.include({ state: 'expired' });
  await after.close();
}

/** One of everything that moves money, and so many settlements that the account forgets some. */
async function useUpCredit(ledger: MongoReservationLedger): Promise<void> {
  await insist(() => ledger.grant(user(1), aGrant({ amountMicros: credits(100) }), act()));
  const numbers = Array.from({ length: 70 }, (_, number) => number + 1);
  await Promise.all(
    numbers.map((n) => insist(() => ledger.reserve(user(1), aRequest({ id: streamId(n) }), T0))),
  );
  await insist(() => ledger.extend(streamId(1), 50, T0));
  await Promise.all(numbers.map((n) => insist(() => ledger.settle(streamId(n), 400, true, T0))));
  await insist(() => ledger.reserve(user(1), aRequest({ id: streamId(71) }), T0));
  await insist(() => ledger.release(streamId(71), 150, T0));
  await insist(() => ledger.release(streamId(72), 5, T0));
  const spend = { id: 'd', amountMicros: credits(2), service: 'printing' };
  await insist(() => ledger.deduct(user(1), spend, act()));
  const change = { id: 'a', target: { by: credits(5) }, expiresAtMs: T0 + DAY_MS } as const;
  await insist(() => ledger.adjust(user(1), change, act()));
  const record = { id: 'u', userId: user(2), service: 'printing', tokens: 1, chargeMicros: credits(0) };
  await insist(() => ledger.recordUsage({ ...record, atMs: T0 }));
  await insist(() => ledger.reserve(user(1), aRequest({ id: streamId(73) }), T0));
  // Of holds that are expired in a try whose answer is lost the next try finds none.
  await insist(() => ledger.expireDue(T0 + HOLD_LIFETIME_MS + 1, 9));
  await insist(() => ledger.journal({ afterCursor: 0, limit: 10 }));
  await insist(() => ledger.reservation(streamId(1)));
}
