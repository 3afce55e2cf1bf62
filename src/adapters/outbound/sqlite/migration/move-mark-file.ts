import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { MoveMark } from '../../../../application/ports/store-migration.ts';

/** Beside the database, so that it goes with the folder wherever that is copied. */
const MARK_FILE = 'moved.json';
const FILE_MODE = 0o600;

/** The mark of a data folder whose store is being moved, or has been. */
export function readMoveMark(dataDir: string): MoveMark | undefined {
  const path = join(dataDir, MARK_FILE);
  if (!existsSync(path)) return undefined;
  const { id, to, isComplete } = JSON.parse(readFileSync(path, 'utf8')) as MoveMark;
  return { id, to, isComplete };
}

/** Marks a data folder, durably, or takes its mark away. */
export function writeMoveMark(dataDir: string, mark: MoveMark | undefined): void {
  const path = join(dataDir, MARK_FILE);
  if (mark === undefined) {
    rmSync(path, { force: true });
  } else {
    const written = `${path}.new`;
    const file = openSync(written, 'w', FILE_MODE);
    writeSync(file, `${JSON.stringify(mark)}\n`);
    fsyncSync(file);
    closeSync(file);
    renameSync(written, path);
  }
  const folder = openSync(dataDir, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
