import { type ClientSession, MongoServerError } from 'mongodb';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { StoreInspection, StorePicture } from '../../../../application/ports/store-inspection.ts';
import { readFault } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';
import { Moment } from './moment.ts';
import { MongoStorePicture } from './mongo-store-picture.ts';

/** The server's codes for a moment that it cannot show any more, or never could. */
const SNAPSHOT_TOO_OLD: ReadonlySet<unknown> = new Set([239, 246]);
/** The server's codes for a transaction that it has ended because of its age. */
const TRANSACTION_ENDED: ReadonlySet<unknown> = new Set([225, 251, 290]);

/**
 * Looks at the store of a fleet while its nodes write.
 *
 * The first look reads in a snapshot session: one moment, which the server shows for as long as its history reaches
 * (`minSnapshotHistoryWindowInSeconds`, five minutes by default). What it makes doubtful is looked at again in a
 * transaction, which is one moment on every server, also on one that takes the word for a snapshot and shows the present.
 * A transaction may not live longer than a minute; where that is too short, the first look stands.
 */
export class MongoStoreInspection implements StoreInspection {
  readonly #store: MongoStore;

  constructor(store: MongoStore) {
    this.#store = store;
  }

  async inspect<Out>(
    look: (picture: StorePicture) => Promise<Out>,
    doubtful: (out: Out) => boolean,
  ): Promise<Out> {
    const first = await this.#lookIn(this.#store.startSnapshot(), look);
    if (!doubtful(first)) return first;
    const session = this.#store.startSession();
    session.startTransaction({ readConcern: { level: 'snapshot' }, readPreference: 'primary' });
    try {
      return await this.#lookIn(session, look);
    } catch (error) {
      if (error instanceof PortError && hasCode(error.cause, TRANSACTION_ENDED)) return first;
      throw error;
    }
  }

  async #lookIn<Out>(session: ClientSession, look: (picture: StorePicture) => Promise<Out>): Promise<Out> {
    try {
      return await look(new MongoStorePicture(new Moment(this.#store, session)));
    } catch (error) {
      throw hasCode(error, SNAPSHOT_TOO_OLD) ? tooOld(error) : readFault(error);
    } finally {
      // Ends the transaction too, which has written nothing.
      await session.endSession().catch(() => undefined);
    }
  }
}

const hasCode = (error: unknown, codes: ReadonlySet<unknown>): boolean =>
  error instanceof MongoServerError && codes.has(error.code);

const tooOld = (cause: unknown): PortError =>
  new PortError(
    'unavailable',
    'store',
    'MongoDB has forgotten the moment that was looked at before the look was done: raise minSnapshotHistoryWindowInSeconds on its members, and look again.',
    { cause },
  );
