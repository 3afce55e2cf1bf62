/** SQLite's primary result codes that say that the storage failed, not the statement. */
const STORAGE_FAULTS: ReadonlyMap<number, string> = new Map([
  [3, 'permission denied'],
  [5, 'the file is locked'],
  [6, 'a table is locked'],
  [7, 'out of memory'],
  [8, 'the file is read-only'],
  [10, 'input or output failed'],
  [11, 'the file is damaged'],
  [13, 'the disk is full'],
  [14, 'the file cannot be opened'],
  [15, 'the locking protocol failed'],
  [26, 'the file is not a database'],
]);
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

/** SQLite's primary result code of an error, if it is SQLite's. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

/** Why the storage failed, in words; undefined when the error is about something else. */
export function storageFault(error: unknown): string | undefined {
  const code = resultCode(error);
  return code === undefined ? undefined : STORAGE_FAULTS.get(code);
}

/** True when a write failed because no space is left. */
export const isDiskFull = (error: unknown): boolean => resultCode(error) === SQLITE_FULL;

/** True when another connection holds the lock that was asked for. */
export const isLocked = (error: unknown): boolean => resultCode(error) === SQLITE_BUSY;
