import { randomFillSync, randomInt, randomUUID } from 'node:crypto';
import type { IdSource } from '../../../application/ports/id-source.ts';
import { invariant } from '../../../domain/invariant.ts';

/** Resolution of a fraction: how many different values there are. */
const FRACTION_STEPS = 2 ** 32;
/** Random bytes that are fetched together: each call to the system costs more than the bytes. */
const POOL_BYTES = 4_096;

/** Ids and secrets from the operating system's generator. */
export class CryptoIdSource implements IdSource {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #usedBytes = POOL_BYTES;

  uuid(): string {
    // Node.js joins one from twenty pieces, all of which live as long as it does: 400 bytes of whatever keeps one. A copy
    // is one piece.
    return Buffer.from(randomUUID(), 'latin1').toString('latin1');
  }

  secret(bits: number): string {
    invariant(
      Number.isSafeInteger(bits) && bits >= 128 && bits % 8 === 0 && bits / 8 <= POOL_BYTES,
      `not a secret's length: ${bits} bits`,
    );
    const bytes = this.#take(bits / 8);
    const secret = bytes.toString('base64url');
    // It is nowhere but with whoever asked.
    bytes.fill(0);
    return secret;
  }

  fraction(): number {
    return randomInt(FRACTION_STEPS) / FRACTION_STEPS;
  }

  /** Bytes that nobody has had. */
  #take(length: number): Buffer {
    if (this.#usedBytes + length > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#usedBytes = 0;
    }
    const from = this.#usedBytes;
    this.#usedBytes += length;
    return this.#pool.subarray(from, from + length);
  }
}
