import { hash, timingSafeEqual } from 'node:crypto';
import type { ServiceKeys } from '../../../application/ports/identity/service-keys.ts';
import { openKeyFile } from './key-file.ts';

/** Keys that may be valid at once: the new one, and the one that it replaces. */
const MAX_KEYS = 2;

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
    return new FileServiceKeys(openKeyFile(path, { name: 'service key', create, maxKeys: MAX_KEYS }));
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
