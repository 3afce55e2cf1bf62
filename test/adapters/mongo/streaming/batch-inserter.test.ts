import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { ObjectId } from 'mongodb';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { BatchInserter } from '../../../../src/adapters/outbound/mongo/streaming/batch-inserter.ts';
import {
  type BatchDocument,
  EVENT_BATCHES,
} from '../../../../src/adapters/outbound/mongo/streaming/streaming-documents.ts';
import { MongoProxy } from '../../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

/** Longer than this suite may take, in milliseconds: what is sent before has not waited for it. */
const NEVER_MS = 3_600_000;
/** A rest that a test can wait for, in milliseconds. */
const SHORT_MS = 30;

describe('the words of a few streams', function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  let proxy: MongoProxy;
  let store: MongoStore;
  /** How many batches each insert had. */
  let inserts: number[] = [];
  before(async () => {
    mongo = await temporaryMongo();
    proxy = new MongoProxy(mongo.url, ({ name, collection, body }) => {
      if (name === 'insert' && collection === EVENT_BATCHES) inserts.push(body.documents.length);
      return 'pass';
    });
    store = await MongoStore.open(await proxy.listen());
  });
  afterEach(async () => {
    inserts = [];
    await mongo.clear();
  });
  after(async () => {
    await store.close();
    await proxy.close();
    await mongo.remove();
  });

  const inserterEvery = (everyMs: number): BatchInserter =>
    new BatchInserter(store.collection<BatchDocument>(EVENT_BATCHES), new ObjectId(), everyMs);
  const batch = (stream: number): Omit<BatchDocument, 'writer'> => ({
    _id: `${stream}`,
    lines: '{"text":"word "}\t1\n',
    lastOffset: 2,
  });

  it('are sent at once after a rest, and with the next ones until so many are worth an insert', async () => {
    const inserter = inserterEvery(NEVER_MS);
    await inserter.insert(batch(0));
    const waiting: Promise<void>[] = [];
    for (let stream = 1; stream < 8; stream += 1) {
      waiting.push(inserter.insert(batch(stream)));
      await nextTurn();
      await nextTurn();
    }
    expect(inserts).to.deep.equal([1]);
    waiting.push(inserter.insert(batch(8)));
    await Promise.all(waiting);
    expect(inserts).to.deep.equal([1, 8]);
  });

  it('wait for no more than the time between two inserts', async () => {
    const inserter = inserterEvery(SHORT_MS);
    for (let stream = 0; stream < 3; stream += 1) await inserter.insert(batch(stream));
    expect(inserts).to.deep.equal([1, 1, 1]);
  });

  it('wait in vain for no other: so many at once are sent at once, also soon after an insert', async () => {
    const inserter = inserterEvery(NEVER_MS);
    await inserter.insert(batch(0));
    await Promise.all(Array.from({ length: 20 }, (_, at) => inserter.insert(batch(1 + at))));
    expect(inserts).to.deep.equal([1, 20]);
  });
});
