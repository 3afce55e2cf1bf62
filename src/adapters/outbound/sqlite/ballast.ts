import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Space kept for the writes that must succeed on a full disk, in bytes. */
const BALLAST_BYTES = 4 * 1024 * 1024;
/** The ballast is remade only when this much is free, in bytes, so that it is not the file that fills the disk. */
const REMAKE_FREE_BYTES = 3 * BALLAST_BYTES;

/**
 * A file of real bytes that is deleted when the disk is full, which leaves room to end streams and settle holds.
 * Until it is back only those writes are taken.
 */
export class Ballast {
  readonly #path: string;
  #held: boolean;

  constructor(path: string) {
    this.#path = path;
    // A file that a crash or a full disk cut short would not give back what is needed.
    this.#held = statSync(path, { throwIfNoEntry: false })?.size === BALLAST_BYTES;
  }

  /** True while the space is set aside; a missing ballast is remade first when there is room for it. */
  ensure(): boolean {
    if (!this.#held && this.#hasRoom()) this.#held = this.#make();
    return this.#held;
  }

  /** Gives the space back to the disk. */
  free(): void {
    rmSync(this.#path, { force: true });
    this.#held = false;
  }

  #hasRoom(): boolean {
    try {
      const { bavail, bsize } = statfsSync(dirname(this.#path));
      return bavail * bsize >= REMAKE_FREE_BYTES;
    } catch {
      return false;
    }
  }

  #make(): boolean {
    try {
      writeFileSync(this.#path, Buffer.alloc(BALLAST_BYTES, 'holdfast'), { mode: 0o600 });
      return true;
    } catch {
      rmSync(this.#path, { force: true });
      return false;
    }
  }
}
