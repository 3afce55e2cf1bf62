import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { OperatorError } from './operator-error.ts';

/**
 * Writes the file that tells that everything listens: first beside its place, then moved, so that whoever sees
 * the file sees all of it. Only the owner can read it.
 *
 * @throws OperatorError when it cannot be written.
 */
export function writeReadyFile(path: string, content: Readonly<Record<string, string | number>>): void {
  const beside = `${path}.${process.pid}`;
  try {
    rmSync(beside, { force: true });
    writeFileSync(beside, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(beside, path);
  } catch (error) {
    throw new OperatorError(2, `The ready file ${path} cannot be written: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}
