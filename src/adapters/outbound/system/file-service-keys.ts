import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { ServiceKeys } from '../../../application/ports/identity/service-keys.ts';

/** Length of a service key, in bits. */
const KEY_BITS = 256;
/** Keys that may be valid at once: the new one, and the one that it replaces. */
const MAX_KEYS = 2;
const KEY = /^[A-Za-z0-9_-]{43}$/;
/** Permission bits that let anybody but the owner in. */
const OTHERS = 0o077;

/** Service keys from a file: one a line, the first is the one to present, at most two are accepted. */
export class FileServiceKeys implements ServiceKeys {
  /** The key with which this process knows itself to other services. */
  readonly current: string;
  readonly #digests: readonly Buffer[];

  private constructor(keys: readonly [string, ...string[]]) {
    this.current = keys[0];
    this.#digests = keys.map(digest);
  }

  /**
   * Reads the keys; with `create` a missing file is made with one fresh key, mode 0600.
   *
   * @throws Error with a sentence for the operator when the file is missing, open to others or not of its form.
   */
  static open(path: string, { create }: { create: boolean }): FileServiceKeys {
    if (create) makeOnce(path);
    let text: string;
    try {
      if ((statSync(path).mode & OTHERS) !== 0) {
        throw new Error(`The service key file ${path} can be read by others: chmod 600 it`);
      }
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      throw new Error(`The service key file ${path} cannot be read`, { cause: error });
    }
    const [first, ...others] = text.split('\n').filter((line) => line.trim() !== '');
    if (
      first === undefined ||
      ![first, ...others].every((key) => KEY.test(key)) ||
      others.length >= MAX_KEYS
    ) {
      throw new Error(
        `The service key file ${path} must hold one or two keys, one a line, each ${KEY_BITS} random bits in base64url (43 characters)`,
      );
    }
    return new FileServiceKeys([first, ...others]);
  }

  /** Compares digests, so that neither a key's length nor its leading characters show in the time. */
  accepts(presented: string): boolean {
    const candidate = digest(presented);
    let accepted = false;
    for (const valid of this.#digests) {
      if (timingSafeEqual(valid, candidate)) accepted = true;
    }
    return accepted;
  }
}

const digest = (key: string): Buffer => hash('sha256', key, 'buffer');

function makeOnce(path: string): void {
  try {
    writeFileSync(path, `${randomBytes(KEY_BITS / 8).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
