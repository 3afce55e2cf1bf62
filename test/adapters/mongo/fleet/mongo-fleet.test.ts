import { expect } from 'chai';
import type { Document } from 'mongodb';
import { MongoAttemptCounters } from '../../../../src/adapters/outbound/mongo/fleet/mongo-attempt-counters.ts';
import { MongoLeases } from '../../../../src/adapters/outbound/mongo/fleet/mongo-leases.ts';
import { MongoReaderMarks } from '../../../../src/adapters/outbound/mongo/fleet/mongo-reader-marks.ts';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { describeAttemptCounters } from '../../../contracts/attempt-counters.ts';
import { describeLeases } from '../../../contracts/leases.ts';
import { describeReaderMarks } from '../../../contracts/reader-marks.ts';
import { hammer, type SharedTask } from '../../../support/hammer.ts';
import { MongoProxy } from '../../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

const LEASES = 'leases';
const ATTEMPTS = 'attempts';

describe('what nodes share on MongoDB', function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  let elsewhere: MongoStore;
  before(async () => {
    mongo = await temporaryMongo();
    elsewhere = await MongoStore.open(mongo.url);
  });
  after(async () => {
    await elsewhere.close();
    await mongo.remove();
  });

  /** Lets time pass for a collection: its times move back instead. */
  const pass = async (collection: string, field: string, byMs: number): Promise<void> => {
    const earlier = { [field]: { $subtract: [`$${field}`, byMs] } };
    await mongo.client
      .db()
      .collection(collection)
      .updateMany({}, [{ $set: earlier }]);
  };

  describeReaderMarks('MongoReaderMarks', async () => {
    await mongo.clear();
    return new MongoReaderMarks(mongo.store);
  });

  describeLeases('MongoLeases', async () => {
    await mongo.clear();
    return {
      leases: new MongoLeases(mongo.store),
      elsewhere: new MongoLeases(elsewhere),
      pass: (byMs) => pass(LEASES, 'untilMs', byMs),
    };
  });

  describeAttemptCounters('MongoAttemptCounters', async () => {
    await mongo.clear();
    return {
      counters: new MongoAttemptCounters(mongo.store),
      advance: (byMs) => pass(ATTEMPTS, 'endsAtMs', byMs),
    };
  });

  it('is a count that is looked at where it is counted, since a majority may have an older one', async () => {
    const seen = new Map<string, Document>();
    const proxy = new MongoProxy(mongo.url, ({ name, collection, body }) => {
      if (collection === ATTEMPTS) seen.set(name, body);
      return 'pass';
    });
    const store = await MongoStore.open(await proxy.listen());
    try {
      const counter = new MongoAttemptCounters(store).open({ name: 'guesses', limit: 3, windowMs: 100_000 });
      await counter.count('a');
      await counter.look('a');
    } finally {
      await store.close();
      await proxy.close();
    }
    expect(seen.get('findAndModify')?.writeConcern).to.deep.include({ w: 1 });
    expect(seen.get('aggregate')?.readConcern).to.deep.equal({ level: 'local' });
  });

  it('is a name that one at a time of racing processes holds, under a token that only grows', async () => {
    await mongo.clear();
    const task: SharedTask = { kind: 'hold', times: 15 };
    const outcomes = await hammer<SharedTask>(mongo.url, [task, task, task], 'hammer-shared');
    expect(Object.keys(outcomes)).to.have.members(['held', 'taken']);
    expect(outcomes.held).to.equal(45);
  });

  it('is a count that racing processes bring exactly to its limit', async () => {
    await mongo.clear();
    const task: SharedTask = { kind: 'guess', times: 50 };
    const outcomes = await hammer<SharedTask>(mongo.url, [task, task, task], 'hammer-shared');
    expect(outcomes).to.deep.equal({ counted: 50, refused: 100 });
  });

  it('gives a name that the server has forgotten a greater token all the same', async () => {
    const leases = new MongoLeases(mongo.store);
    const before = await leases.hold('turn/forgotten', 'one', 1_000);
    await mongo.client.db().collection(LEASES).deleteMany();
    const after = await leases.hold('turn/forgotten', 'one', 1_000);
    if (before === 'taken' || after === 'taken') throw new Error('nobody else holds it');
    expect(after.token).to.be.greaterThan(before.token);
  });

  it('is forgotten by the server: names that were freed, windows that have ended', async () => {
    await mongo.clear();
    const leases = new MongoLeases(mongo.store);
    await leases.hold('node/a', 'a', 1_000);
    await leases.release('node/a', 'a');
    await new MongoAttemptCounters(mongo.store)
      .open({ name: 'guesses', limit: 1, windowMs: 1_000 })
      .count('a');
    const db = mongo.client.db();
    const indexes = [
      ...(await db.collection(LEASES).indexes()),
      ...(await db.collection(ATTEMPTS).indexes()),
    ];
    expect(
      indexes.filter(({ expireAfterSeconds }) => expireAfterSeconds).map(({ key }) => key),
    ).to.deep.equal([{ freedAt: 1 }, { endsAt: 1 }]);
    expect((await db.collection(LEASES).findOne())?.freedAt).to.be.instanceOf(Date);
    expect((await db.collection(ATTEMPTS).findOne())?.endsAt).to.be.instanceOf(Date);
    await leases.hold('node/a', 'a', 1_000);
    expect(await db.collection(LEASES).findOne()).to.not.have.property('freedAt');
  });
});
