import { PortError } from '../../../../application/ports/port-error.ts';
import type { StoreInspection, StorePicture } from '../../../../application/ports/store-inspection.ts';
import type { Connection } from '../connection.ts';
import { DataFolderRefused, openReadOnly } from '../data-folder.ts';
import { MIGRATIONS } from '../schema.ts';
import { SqliteStorePicture } from './sqlite-store-picture.ts';

/**
 * Looks at the embedded store of a data folder over a connection of its own that cannot write, in one read
 * transaction, so that the picture is whole even while a server writes.
 */
export class SqliteStoreInspection implements StoreInspection {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  async inspect<Out>(look: (picture: StorePicture) => Out): Promise<Out> {
    let db: Connection | undefined;
    try {
      db = openReadOnly(this.#dataDir);
      db.exec('BEGIN');
      requireSchema(db, this.#dataDir);
      return look(new SqliteStorePicture(db));
    } catch (error) {
      throw isOfStorage(error) ? unavailable(error) : error;
    } finally {
      db?.close();
    }
  }
}

function requireSchema(db: Connection, dataDir: string): void {
  const version = db.prepare('PRAGMA user_version').get()?.user_version;
  if (version === MIGRATIONS.length) return;
  throw new PortError(
    'unavailable',
    'store',
    `The store in ${dataDir} has schema ${version}, and this program examines schema ${MIGRATIONS.length}: use the version that wrote it.`,
  );
}

const isOfStorage = (error: unknown): error is Error =>
  error instanceof DataFolderRefused ||
  (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR');

const unavailable = (cause: Error): PortError =>
  new PortError('unavailable', 'store', `The store cannot be read: ${cause.message}`, { cause });
