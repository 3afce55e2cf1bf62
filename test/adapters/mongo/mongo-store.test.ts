import { expect } from 'chai';
import type { Document } from 'mongodb';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import { INDEXES } from '../../../src/adapters/outbound/mongo/schema.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { MongoProxy } from '../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';

const refusalOf = async (url: string): Promise<Error> => {
  const outcome = await MongoStore.open(url).catch((error: unknown) => error);
  if (outcome instanceof MongoStore) await outcome.close();
  expect(outcome).to.be.instanceOf(Error);
  return outcome as Error;
};

describe('the store of a fleet', function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  before(async () => {
    mongo = await temporaryMongo();
  });
  after(() => mongo.remove());

  it('is prepared by any number of nodes at once', async () => {
    const other = await temporaryMongo();
    await other.client.db().dropDatabase();
    const stores = await Promise.all(Array.from({ length: 5 }, () => MongoStore.open(other.url)));
    const names = (await other.client.db().collection('journal').indexes()).map(({ name }) => name);
    expect(names).to.have.members(['_id_', 'entry-once']);
    for (const store of stores) await store.close();
    await other.remove();
  });

  it('is asked for its collections once, and each of them for its indexes, where all is there', async () => {
    const asked: string[] = [];
    const proxy = new MongoProxy(mongo.url, ({ name }) => {
      asked.push(name);
      return 'pass';
    });
    try {
      await (await MongoStore.open(await proxy.listen())).close();
    } finally {
      await proxy.close();
    }
    const collections = new Set(INDEXES.map(({ collection }) => collection));
    const schema = asked.filter((name) => /^(create|list)/.test(name));
    expect(schema).to.deep.equal(['listCollections', ...[...collections].map(() => 'listIndexes')]);
  });

  it('makes an index that is missing, and refuses one that is another, by its name', async () => {
    const journal = mongo.client.db().collection('journal');
    await journal.dropIndex('entry-once');
    await (await MongoStore.open(mongo.url)).close();
    expect((await journal.indexes()).find(({ name }) => name === 'entry-once')).to.include({ unique: true });
    await journal.dropIndex('entry-once');
    await journal.createIndex({ 'entries.id': 1 }, { name: 'entry-once' });
    expect((await refusalOf(mongo.url)).message).to.match(/entry-once of holdfast-test-\w+\.journal is not/);
    await journal.dropIndex('entry-once');
  });

  for (const [difference, options] of [
    ['leaves documents out', { sparse: true }],
    ['takes names for one that are two', { collation: { locale: 'en', strength: 2 } }],
    ['no query uses', { hidden: true }],
  ] as const) {
    it(`refuses an index that ${difference}`, async () => {
      const users = mongo.client.db().collection('users');
      await users.dropIndex('username');
      try {
        await users.createIndex({ usernameKey: 1 }, { name: 'username', ...options });
        expect((await refusalOf(mongo.url)).message).to.match(/username of holdfast-test-\w+\.users is not/);
      } finally {
        await users.dropIndex('username');
        await (await MongoStore.open(mongo.url)).close();
      }
    });
  }

  it('names an index that has its place under another name, and one whose documents are in its way', async () => {
    const journal = mongo.client.db().collection('journal');
    await journal.dropIndex('entry-once');
    await journal.createIndex({ 'entries.id': 1 }, { name: 'mine', unique: true });
    expect((await refusalOf(mongo.url)).message).to.match(/entry-once of holdfast-test-\w+\.journal/);
    await journal.dropIndex('mine');
    await journal.insertMany([1, 2].map((n) => ({ _id: n as never, entries: [{ id: 'twice' }] })));
    expect((await refusalOf(mongo.url)).message).to.match(/entry-once of holdfast-test-\w+\.journal/);
    await journal.deleteMany();
    await (await MongoStore.open(mongo.url)).close();
  });

  it('refuses a database that another version has written', async () => {
    const meta = mongo.client.db().collection<{ _id: string; version: number }>('meta');
    await meta.updateOne({ _id: 'schema' }, { $set: { version: 9 } });
    expect((await refusalOf(mongo.url)).message).to.match(/has schema 9, and this program knows 1/);
    await meta.updateOne({ _id: 'schema' }, { $set: { version: 1 } });
  });

  it('refuses a URL that would let certificates go unchecked', async () => {
    const spelt = ['tlsInsecure', 'TLSINSECURE', 'tls%49nsecure'];
    for (const careless of [...spelt, 'tlsAllowInvalidCertificates', 'tlsAllowInvalidHostnames']) {
      const url = `mongodb://127.0.0.1:1/?tls=true&${careless}=true`;
      expect((await refusalOf(url)).message, careless).to.include('certificates are always checked');
    }
  });

  it('is unavailable where no server answers, within seconds', async () => {
    const refusal = await refusalOf('mongodb://127.0.0.1:1/?directConnection=true');
    expect(refusal).to.be.instanceOf(PortError);
    expect(refusal).to.include({ kind: 'unavailable', dependency: 'store' });
  });

  it('asks for the journals of a majority with each write, and reads what a majority has, from the primary', async () => {
    const seen = new Map<string, Document>();
    const proxy = new MongoProxy(mongo.url, ({ name, collection, body }) => {
      if (collection === 'things') seen.set(name, body);
      return 'pass';
    });
    // What the URL says of it counts for nothing.
    const careless = 'w=0&journal=false&readConcernLevel=local&readPreference=secondary';
    const store = await MongoStore.open(`${await proxy.listen()}&${careless}`);
    try {
      const things = store.collection<{ _id: string; n?: number }>('things');
      await store.write(() => things.insertOne({ _id: 'seen' }));
      await store.write(() => things.updateOne({ _id: 'seen' }, { $set: { n: 1 } }));
      await store.write(() => things.findOneAndUpdate({ _id: 'seen' }, { $set: { n: 2 } }));
      await store.read(() => things.findOne({ _id: 'seen' }));
      await store.write(() => things.deleteOne({ _id: 'seen' }));
    } finally {
      await store.close();
      await proxy.close();
    }
    for (const write of ['insert', 'update', 'findAndModify', 'delete']) {
      expect(seen.get(write)?.writeConcern, write).to.include({ w: 'majority', j: true });
    }
    expect(seen.get('find')?.readConcern).to.deep.equal({ level: 'majority' });
    expect(seen.get('find')?.$readPreference?.mode ?? 'primary').to.be.oneOf(['primary', 'primaryPreferred']);
  });

  it('tells a key that is taken from a server that is gone', async () => {
    const things = mongo.store.collection<{ _id: string }>('things');
    await mongo.store.write(() => things.insertOne({ _id: 'a' }));
    const taken = await mongo.store
      .write(() => things.insertOne({ _id: 'a' }))
      .catch((error: unknown) => error);
    expect(taken).to.include({ kind: 'conflict' });
    const store = await MongoStore.open(mongo.url);
    const gone = store.collection<{ _id: string }>('things');
    await store.close();
    const outcome = await store.write(() => gone.insertOne({ _id: 'b' })).catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(PortError).and.include({ kind: 'timeout' });
    const read = await store.read(() => gone.findOne({ _id: 'a' })).catch((error: unknown) => error);
    expect(read).to.be.instanceOf(PortError).and.include({ kind: 'unavailable' });
  });
});
