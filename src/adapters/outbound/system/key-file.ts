import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';

/** Length of a key, in bits. */
const KEY_BITS = 256;
const KEY = /^[A-Za-z0-9_-]{43}$/;
/** Permission bits that let anybody but the owner in. */
const OTHERS = 0o077;

/**
 * Reads the keys of a file, one a line; with `create` a missing file is made with one fresh key, mode 0600.
 *
 * @throws Error with a sentence for the operator when the file is missing, open to others or not of its form.
 */
export function openKeyFile(
  path: string,
  { name, create, maxKeys }: { readonly name: string; readonly create: boolean; readonly maxKeys: number },
): readonly [string, ...string[]] {
  if (create) makeOnce(path);
  let text: string;
  try {
    if ((statSync(path).mode & OTHERS) !== 0) {
      throw new Error(`The ${name} file ${path} can be read by others: chmod 600 it`);
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new Error(`The ${name} file ${path} cannot be read`, { cause: error });
  }
  const [first, ...others] = text.split('\n').filter((line) => line.trim() !== '');
  if (first === undefined || ![first, ...others].every((key) => KEY.test(key)) || others.length >= maxKeys) {
    throw new Error(
      `The ${name} file ${path} must hold 1 to ${maxKeys} keys, one a line, each ${KEY_BITS} random bits in base64url (43 characters)`,
    );
  }
  return [first, ...others];
}

function makeOnce(path: string): void {
  try {
    writeFileSync(path, `${randomBytes(KEY_BITS / 8).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
