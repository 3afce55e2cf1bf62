import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from './connection.ts';
import { isLocked } from './store-fault.ts';

/** The folder is its owner's alone; so is every file in it. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Permission bits of group and others. */
const OTHERS = 0o077;
const DATABASE_FILE = 'holdfast.db';
const LOCK_FILE = 'lock.db';
const BALLAST_FILE = 'ballast';

/** The data folder cannot be used; the message is a sentence for the operator. */
export class DataFolderRefused extends Error {
  override readonly name = 'DataFolderRefused';
  /** `unfit`: the folder is not what it has to be; `away`: there is no store in it, or another process has it. */
  readonly kind: 'unfit' | 'away';

  constructor(kind: 'unfit' | 'away', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * Looks whether a folder may hold a store, and makes nothing; one that is not there yet may.
 *
 * @throws DataFolderRefused when it is no folder, or others can read it.
 */
export function checkDataFolder(dir: string): void {
  if (existsSync(dir)) requirePrivate(dir);
}

/**
 * Makes a folder that holds no store: what is in it is its owner's alone.
 *
 * @throws DataFolderRefused when it is no folder, or others can read it.
 */
export function makePrivateFolder(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: FOLDER_MODE });
  requirePrivate(dir);
  takeBack(dir);
}

/**
 * The folder that one server owns while it runs. The claim is an exclusive SQLite lock on `lock.db`: the system
 * drops it when the process ends in whatever way, so a killed server never leaves a stale lock behind.
 *
 * While a claim is held nothing else in the process may open and close the folder's `.db` files by other means
 * than SQLite: POSIX drops all locks of a process on a file when any descriptor of it is closed.
 */
export class DataFolder {
  readonly #dir: string;
  readonly #lock: Connection;

  private constructor(dir: string, lock: Connection) {
    this.#dir = dir;
    this.#lock = lock;
  }

  /**
   * Makes the folder if it is missing and claims it.
   *
   * @throws DataFolderRefused when others can read it, or a server runs on it.
   */
  static claim(dir: string): DataFolder {
    mkdirSync(dir, { recursive: true, mode: FOLDER_MODE });
    requirePrivate(dir);
    for (const name of [LOCK_FILE, DATABASE_FILE]) makePrivateFile(join(dir, name));
    takeBack(dir);
    const lock = new Connection(join(dir, LOCK_FILE), { busyTimeoutMs: 0 });
    try {
      lock.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      if (!isLocked(error)) throw error;
      throw new DataFolderRefused('away', `Another Holdfast server is running on the data folder ${dir}.`, {
        cause: error,
      });
    }
    return new DataFolder(dir, lock);
  }

  get databasePath(): string {
    return join(this.#dir, DATABASE_FILE);
  }

  /** Space that is set aside for the writes which must succeed on a full disk. */
  get ballastPath(): string {
    return join(this.#dir, BALLAST_FILE);
  }

  /** Lets the next server in. */
  release(): void {
    this.#lock.close();
  }
}

/** Whether there is a store in a folder. */
export const storeExists = (dir: string): boolean => existsSync(join(dir, DATABASE_FILE));

/**
 * Opens a folder's store to look at, also beside a running server. Takes no claim and writes nothing.
 *
 * @throws DataFolderRefused when there is no store, or others can read the folder.
 */
export function openReadOnly(dir: string): Connection {
  const path = join(dir, DATABASE_FILE);
  if (!existsSync(path)) throw new DataFolderRefused('away', `There is no Holdfast store in ${dir}.`);
  requirePrivate(dir);
  return new Connection(path, { readOnly: true });
}

function requirePrivate(dir: string): void {
  const status = statSync(dir);
  if (!status.isDirectory()) throw new DataFolderRefused('unfit', `The data folder ${dir} is not a folder.`);
  if ((status.mode & OTHERS) !== 0) {
    throw new DataFolderRefused(
      'unfit',
      `Others on this machine can read the data folder ${dir}. Make it yours alone: chmod 700 ${dir}`,
    );
  }
}

/** Takes from others what they could read of the folder's files, in case the folder lay open before. */
function takeBack(dir: string): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (!entry.isFile() && !entry.isSocket()) continue;
    const path = join(dir, entry.name);
    const status = statSync(path, { throwIfNoEntry: false });
    if (status !== undefined && (status.mode & OTHERS) !== 0) chmodSync(path, FILE_MODE);
  }
}

/** Creates a file before SQLite does, so that it and the files SQLite derives from it are private from the start. */
function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', FILE_MODE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
