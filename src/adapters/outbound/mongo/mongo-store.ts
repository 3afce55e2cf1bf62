import {
  type ClientSession,
  type Collection,
  type CollectionOptions,
  type Db,
  type Document,
  MongoClient,
  type MongoClientOptions,
} from 'mongodb';
import { PortError } from '../../../application/ports/port-error.ts';
import { requireWhole } from './migration/migration-mark.ts';
import { readFault, writeFault } from './mongo-fault.ts';
import { type IndexTelling, PatientIndexes } from './patient-indexes.ts';
import { Reachability } from './reachability.ts';
import { type MakeIndex, prepareSchema, requireSchema } from './schema.ts';

/** Most commands that are under way or wait for a connection; more are refused as `unavailable`. */
const MAX_COMMANDS = 10_000;
/** Most connections of one process. */
const MAX_CONNECTIONS = 64;
/** Longest wait for a server that takes the command, an election included, in milliseconds. */
const SELECTION_TIMEOUT_MS = 5_000;
/** Longest wait for a connection to be made, and for one to become free, in milliseconds. */
const CONNECTION_TIMEOUT_MS = 5_000;
/** How often a server says that it is there, in milliseconds; one that is silent for this and a connection's wait is gone. */
const HEARTBEAT_MS = 2_000;
/** Longest silence of a server in the middle of a command, in milliseconds. */
const SOCKET_TIMEOUT_MS = 10_000;
/** Longest wait for a majority to have a write in its journal, in milliseconds. */
const MAJORITY_TIMEOUT_MS = 5_000;
/** The database, where the URL names none. */
const DATABASE = 'holdfast';

/** What of the connection is decided here, whatever the URL says. */
const OPTIONS: MongoClientOptions = {
  appName: 'holdfast',
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: MAJORITY_TIMEOUT_MS },
  // Said once more by the names that a URL has for it: the driver lets those of a URL win over what stands above.
  journal: true,
  readConcernLevel: 'majority',
  readPreference: 'primary',
  readPreferenceTags: [],
  retryWrites: true,
  retryReads: true,
  maxPoolSize: MAX_CONNECTIONS,
  serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS,
  connectTimeoutMS: CONNECTION_TIMEOUT_MS,
  heartbeatFrequencyMS: HEARTBEAT_MS,
  waitQueueTimeoutMS: CONNECTION_TIMEOUT_MS,
  ignoreUndefined: true,
};

/** How a store is opened. */
export interface Opening {
  /** Told of indexes that take their time; without it nothing is. */
  readonly telling?: IndexTelling;
  /** Longest silence of a server in the middle of a command, in milliseconds. */
  readonly socketTimeoutMS?: number;
}

const SILENT: IndexTelling = { onWait: () => undefined, onMade: () => undefined };

/** Settings of a URL that would let a connection go to whoever answers, as the driver reads them. */
const CARELESS = 'tlsInsecure, tlsAllowInvalidCertificates, tlsAllowInvalidHostnames';

/**
 * The store of a fleet: one MongoDB, which is a replica set. A write is acknowledged when a majority has it in its
 * journal; a read sees what a majority has, from the primary.
 */
export class MongoStore {
  readonly #client: MongoClient;
  readonly #db: Db;
  readonly #reach: Reachability;
  #commands = 0;

  private constructor(client: MongoClient) {
    this.#client = client;
    const named = client.options.dbName;
    this.#db = client.db(named === 'test' ? DATABASE : named);
    this.#reach = new Reachability(() => this.#db.command({ ping: 1 }));
  }

  /**
   * Connects, brings collections and indexes into being, and sees that they are what this program needs. An index on a
   * large collection is waited for as long as the server lives.
   *
   * @throws Error with a sentence when the URL is careless, the schema is of a newer program, an index is another, or a
   *   store is being moved here. PortError `unavailable` when there is no server.
   */
  static open(url: string, opening?: Opening): Promise<MongoStore> {
    return MongoStore.#connect(
      url,
      async (db, makeIndex) => {
        await requireWhole(db);
        await prepareSchema(db, makeIndex);
      },
      opening,
    );
  }

  /** As `open`, for whoever moves a store here. */
  static openToFill(url: string): Promise<MongoStore> {
    return MongoStore.#connect(url, prepareSchema);
  }

  /**
   * Connects to a store to look at: nothing is made in it.
   *
   * @throws Error with a sentence when the URL is careless, or there is no store of this schema. PortError `unavailable`
   *   when there is no server.
   */
  static look(url: string): Promise<MongoStore> {
    return MongoStore.#connect(url, requireSchema);
  }

  static async #connect(
    url: string,
    prepare: (db: Db, makeIndex: MakeIndex) => Promise<void>,
    { telling = SILENT, socketTimeoutMS = SOCKET_TIMEOUT_MS }: Opening = {},
  ): Promise<MongoStore> {
    const options = { ...OPTIONS, socketTimeoutMS };
    const client = new MongoClient(url, options);
    const { rejectUnauthorized, checkServerIdentity } = client.options;
    if (rejectUnauthorized === false || checkServerIdentity !== undefined) {
      throw new Error(
        `The MongoDB URL has one of ${CARELESS}: certificates are always checked. Name a tlsCAFile.`,
      );
    }
    const store = new MongoStore(client);
    const indexes = new PatientIndexes(url, options, telling);
    try {
      await prepare(store.#db, (spec) => indexes.make(store.#db.databaseName, spec));
      return store;
    } catch (error) {
      await client.close();
      throw readFault(error);
    } finally {
      await indexes.close();
    }
  }

  /** `options` go before what the store decides for all. */
  collection<Schema extends Document>(name: string, options?: CollectionOptions): Collection<Schema> {
    return this.#db.collection<Schema>(name, options);
  }

  /** A collection whose reads are all of one moment, in the session of one look. */
  atOneMoment<Schema extends Document>(name: string): Collection<Schema> {
    // Said here, since the driver would have a snapshot session send what the client has by default.
    return this.#db.collection<Schema>(name, { readConcern: { level: 'snapshot' } });
  }

  /** @throws PortError `unavailable`. */
  async read<Out>(command: () => Promise<Out>): Promise<Out> {
    return this.#run(command, readFault);
  }

  /** @throws PortError `unavailable`: nothing was written; `conflict`: its key is taken; `timeout`: unknown. */
  async write<Out>(command: () => Promise<Out>): Promise<Out> {
    return this.#run(command, writeFault);
  }

  /** As `write`, but a failure is thrown as the driver tells it. */
  async attempt<Out>(command: () => Promise<Out>): Promise<Out> {
    return this.#run(command, (error) => error);
  }

  /** Sees whether the primary answers. @throws PortError `unavailable`. */
  async ping(): Promise<void> {
    await this.read(() => this.#db.command({ ping: 1 }));
  }

  /** What the primary's clock shows, in Unix milliseconds. @throws PortError `unavailable`. */
  async serverTimeMs(): Promise<number> {
    const { localTime } = await this.read(() => this.#db.command({ hello: 1 }));
    return (localTime as Date).getTime();
  }

  /** A session for one transaction; whoever started it ends it. */
  startSession(): ClientSession {
    return this.#client.startSession();
  }

  /** A session whose reads are of the moment of its first one; whoever started it ends it. */
  startSnapshot(): ClientSession {
    return this.#client.startSession({ snapshot: true });
  }

  async close(): Promise<void> {
    this.#reach.close();
    await this.#client.close();
  }

  async #run<Out>(command: () => Promise<Out>, fault: (error: unknown) => unknown): Promise<Out> {
    if (this.#commands >= MAX_COMMANDS) {
      throw new PortError('unavailable', 'store', 'too many commands wait for MongoDB');
    }
    // A wait that would be in vain keeps its caller from asking elsewhere, and this process from saying no at once.
    if (this.#reach.isGone) throw new PortError('unavailable', 'store', 'MongoDB is out of reach');
    this.#commands += 1;
    try {
      return await command();
    } catch (error) {
      this.#reach.heard(error);
      throw fault(error);
    } finally {
      this.#commands -= 1;
    }
  }
}
