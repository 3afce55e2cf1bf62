import { expect } from 'chai';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import { tellOfIndexes } from '../../../src/main/index-telling.ts';
import { type Cut, MongoProxy, type PassingCommand } from '../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';

/** Longest silence that the store under test bears in the middle of a command, in milliseconds. */
const SILENCE_MS = 250;
/** How often it tells of an index that is not there yet, in milliseconds. */
const TELL_EVERY_MS = 100;
/** So many times that it has waited for longer than it bears of other commands. */
const TELLS = 4;

describe('a store whose collections are large', function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  let decide: (command: PassingCommand) => Cut = () => 'pass';
  let proxy: MongoProxy;
  let url: string;
  before(async () => {
    mongo = await temporaryMongo();
    proxy = new MongoProxy(mongo.url, (command) => decide(command));
    url = await proxy.listen();
  });
  after(async () => {
    await proxy.close();
    await mongo.remove();
  });
  beforeEach(async () => {
    decide = () => 'pass';
    await mongo.client.db().collection('journal').dropIndex('entry-once');
  });
  afterEach(async () => (await MongoStore.open(mongo.url)).close());

  it('waits for an index for longer than for any other answer, and says so', async () => {
    const answered = Promise.withResolvers<void>();
    decide = ({ name }) => (name === 'createIndexes' ? answered.promise : 'pass');
    const told: Array<[string, number]> = [];
    const made: string[] = [];
    const store = await MongoStore.open(url, {
      socketTimeoutMS: SILENCE_MS,
      telling: {
        everyMs: TELL_EVERY_MS,
        onWait: (index, waitedMs) => {
          told.push([index, waitedMs]);
          if (told.length === TELLS) answered.resolve();
        },
        onMade: (index) => made.push(index),
      },
    });
    await store.close();
    expect(told.map(([index]) => index)).to.include.members(Array(TELLS).fill('journal.entry-once'));
    expect(told.at(-1)?.[1]).to.be.greaterThan(SILENCE_MS);
    expect(made).to.deep.equal(['journal.entry-once']);
    const indexes = await mongo.client.db().collection('journal').indexes();
    expect(indexes.map(({ name }) => name)).to.include('entry-once');
  });

  it('waits for no other answer that long, and says nothing of an index that is there at once', async () => {
    const told: string[] = [];
    const tell = (index: string): unknown => told.push(index);
    const telling = { onWait: tell, onMade: tell };
    const store = await MongoStore.open(url, { socketTimeoutMS: SILENCE_MS, telling });
    const answered = Promise.withResolvers<void>();
    try {
      decide = ({ name }) => (name === 'ping' ? answered.promise : 'pass');
      expect(await store.ping().catch((error: unknown) => error)).to.include({ kind: 'unavailable' });
      expect(told).to.deep.equal([]);
    } finally {
      answered.resolve();
      await store.close();
    }
  });

  it('ends the start when the server goes while it makes an index', async () => {
    decide = ({ name }) => (name === 'createIndexes' ? 'before' : 'pass');
    const outcome = await MongoStore.open(url).catch((error: unknown) => error);
    expect(outcome).to.include({ kind: 'unavailable' });
  });

  it('tells in the log which index is waited for, and that it has come', () => {
    const lines: unknown[] = [];
    const write = (fields: object, message: string): unknown => lines.push({ ...fields, message });
    const telling = tellOfIndexes({ debug: write, info: write, warn: write, error: write });
    telling.onWait('journal.entry-once', 15_004);
    telling.onMade('journal.entry-once', 61_000);
    expect(lines).to.deep.equal([
      {
        index: 'journal.entry-once',
        waitedSeconds: 15,
        message: 'MongoDB is making an index on a large collection, and this node serves when it is there',
      },
      { index: 'journal.entry-once', waitedSeconds: 61, message: 'MongoDB has made the index' },
    ]);
  });
});
