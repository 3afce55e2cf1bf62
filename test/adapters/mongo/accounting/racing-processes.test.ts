import { expect } from 'chai';
import { MongoReservationLedger } from '../../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import type { JournalRow } from '../../../../src/application/ports/accounting/reservation-ledger.ts';
import { expectBooksToBalance, wholeJournal } from '../../../contracts/ledger-books.ts';
import { hammer } from '../../../support/hammer.ts';
import { act, aGrant, aRequest, credits, streamId, T0, user } from '../../../support/ledger-builders.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

describe('processes that race on one account of a fleet', function () {
  this.timeout(120_000);
  let mongo: TemporaryMongo;
  let ledger: MongoReservationLedger;
  before(async () => {
    mongo = await temporaryMongo();
  });
  beforeEach(() => {
    ledger = new MongoReservationLedger(mongo.store);
  });
  afterEach(async () => {
    await expectBooksToBalance(ledger);
    await ledger.close();
    await mongo.clear();
  });
  after(() => mongo.remove());

  it('let one of 200 reserves through when the credit pays for one', async () => {
    await ledger.grant(user(1), aGrant({ amountMicros: credits(1) }), act());
    const outcomes = await hammer(mongo.url, [
      { kind: 'reserve', from: 0, times: 100 },
      { kind: 'reserve', from: 100, times: 100 },
    ]);
    expect(outcomes).to.deep.equal({ done: 1, 'credit.insufficient': 199 });
    expect(await ledger.account(user(1), T0)).to.deep.include({ availableMicros: 0, heldMicros: credits(1) });
  });

  it('open and settle each hold once when all do the same', async () => {
    await ledger.grant(user(1), aGrant({ amountMicros: credits(100) }), act());
    const same = { from: 0, times: 40 };
    const opened = await hammer(mongo.url, [
      { kind: 'reserve', ...same },
      { kind: 'reserve', ...same },
    ]);
    expect(opened).to.deep.equal({ done: 80 });
    expect(await ledger.account(user(1), T0)).to.deep.include({ heldMicros: credits(40) });
    const settled = await hammer(mongo.url, [
      { kind: 'settle', ...same },
      { kind: 'settle', ...same },
    ]);
    expect(settled).to.deep.equal({ done: 40, repeated: 40 });
    expect(await ledger.account(user(1), T0)).to.deep.include({ chargedMicros: credits(16) });
    expect(await ledger.usage({ limit: 100 })).to.have.length(40);
  });

  it('keep the books, and show a reader of the journal nothing before what he has read', async () => {
    await ledger.grant(user(1), aGrant({ amountMicros: credits(50) }), act());
    await ledger.reserve(user(1), aRequest({ id: streamId(9_999) }), T0);
    let isOver = false;
    const seen: JournalRow[] = [];
    const reader = (async () => {
      while (!isOver) {
        seen.push(...(await ledger.journal({ afterCursor: seen.at(-1)?.cursor ?? 0, limit: 50 })));
      }
    })();
    const outcomes = await hammer(mongo.url, [
      { kind: 'mixed', from: 0, times: 200 },
      { kind: 'mixed', from: 0, times: 200 },
      { kind: 'mixed', from: 100, times: 200 },
    ]);
    isOver = true;
    await reader;
    const unexpected = Object.keys(outcomes).filter((name) => !EXPECTED.includes(name));
    expect(unexpected).to.deep.equal([]);
    const journal = await wholeJournal(ledger);
    expect(seen.map(({ cursor }) => cursor)).to.deep.equal(
      journal.slice(0, seen.length).map(({ cursor }) => cursor),
    );
    expect(seen).to.have.length.above(0);
    const deducted = journal.filter(({ entry }) => entry.kind === 'deduct');
    expect(deducted).to.have.length(60);
  });
});

/** What a race may come to; anything else is a fault. */
const EXPECTED = ['done', 'repeated', 'reservation.not_found', 'reservation.changed', 'reservation.voided'];
