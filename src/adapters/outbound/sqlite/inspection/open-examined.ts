import { PortError } from '../../../../application/ports/port-error.ts';
import type { Connection } from '../connection.ts';
import { DataFolderRefused, openReadOnly } from '../data-folder.ts';
import { MIGRATIONS } from '../schema.ts';

/**
 * Opens a folder's store to look at, if this program knows its schema.
 *
 * @throws PortError `unavailable` with a sentence when it cannot be read.
 */
export function openExamined(dataDir: string): Connection {
  let db: Connection | undefined;
  try {
    db = openReadOnly(dataDir);
    requireSchema(db, dataDir);
    return db;
  } catch (error) {
    db?.close();
    throw unreadable(error);
  }
}

/** The error as a port's when it is the storage's, else as it is. */
export function unreadable(error: unknown): unknown {
  if (!isOfStorage(error)) return error;
  return new PortError('unavailable', 'store', `The store cannot be read: ${error.message}`, {
    cause: error,
  });
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
