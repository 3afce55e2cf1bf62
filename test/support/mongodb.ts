import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { MONGODB_VARIABLE, startMongodb } from '../../scripts/services/mongodb.ts';
import { MongoStore } from '../../src/adapters/outbound/mongo/mongo-store.ts';

let server: Promise<string> | undefined;

/** The URL of the MongoDB that tests share: the environment's, else of one that is started for this process. */
export function sharedMongodb(): Promise<string> {
  server ??= Promise.resolve(
    process.env[MONGODB_VARIABLE] || startMongodb({ syncsAll: false }).then(({ url }) => url),
  );
  return server;
}

/** A MongoDB's URL with a database that no other test uses. */
export function withDatabase(url: string): string {
  const own = new URL(url);
  own.pathname = `/holdfast-test-${randomBytes(8).toString('hex')}`;
  return own.href;
}

/** A store with a database of its own, which goes away with it. */
export interface TemporaryMongo {
  readonly store: MongoStore;
  readonly url: string;
  /** A client beside the store's. */
  readonly client: MongoClient;
  /** Removes all documents, which is faster than another database. */
  clear(): Promise<void>;
  remove(): Promise<void>;
}

/** Opens a store in a new database of the MongoDB that tests share, or of another. */
export async function temporaryMongo(server?: string): Promise<TemporaryMongo> {
  const url = withDatabase(server ?? (await sharedMongodb()));
  const store = await MongoStore.open(url);
  const client = await MongoClient.connect(url);
  return {
    store,
    url,
    client,
    clear: async () => {
      for (const { collectionName } of await client.db().collections()) {
        if (collectionName !== 'meta') await client.db().collection(collectionName).deleteMany();
      }
    },
    remove: async () => {
      await client.db().dropDatabase();
      await client.close();
      await store.close();
    },
  };
}
