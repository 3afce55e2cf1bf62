import { MongoClient, type MongoClientOptions } from 'mongodb';
import type { IndexSpec } from './index-spec.ts';

/** How often it is told that an index is not there yet, in milliseconds. */
const TELL_EVERY_MS = 5_000;

/** What is told of an index that takes its time. */
export interface IndexTelling {
  /** Called every few seconds until the index is there; `waitedMs` counts up from the beginning. */
  readonly onWait: (index: string, waitedMs: number) => void;
  /** Called once it is there, if a wait was told. */
  readonly onMade: (index: string, waitedMs: number) => void;
  /** How often a wait is told, in milliseconds. */
  readonly everyMs?: number;
}

/**
 * Makes indexes over connections of their own, on which a server may be silent: it says nothing until an index is there,
 * which takes hours on a large collection. A server that is gone is noticed all the same, since the driver asks it every
 * few seconds over another connection, and breaks the silent ones when nobody answers.
 */
export class PatientIndexes {
  readonly #connect: () => MongoClient;
  readonly #telling: IndexTelling;
  #client: MongoClient | undefined;

  /** @param options are those of the store's own connections; what bounds a silence is taken from them. */
  constructor(url: string, options: MongoClientOptions, telling: IndexTelling) {
    // The server itself waits for a majority of the members to have the index before it answers.
    const writeConcern = { w: 'majority', journal: true } as const;
    this.#connect = () => new MongoClient(url, { ...options, socketTimeoutMS: 0, writeConcern });
    this.#telling = telling;
  }

  /** Makes an index of a database. @throws as the driver does. */
  async make(database: string, { collection, name, key, options }: IndexSpec): Promise<void> {
    this.#client ??= this.#connect();
    const { onWait, onMade, everyMs = TELL_EVERY_MS } = this.#telling;
    const index = `${collection}.${name}`;
    const beganAtMs = performance.now();
    const waitedMs = (): number => Math.round(performance.now() - beganAtMs);
    let isTold = false;
    const timer = setInterval(() => {
      isTold = true;
      onWait(index, waitedMs());
    }, everyMs);
    try {
      const made = this.#client.db(database).collection(collection);
      await made.createIndex({ ...key }, { ...options, name });
      if (isTold) onMade(index, waitedMs());
    } finally {
      clearInterval(timer);
    }
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }
}
