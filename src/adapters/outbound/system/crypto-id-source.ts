import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { IdSource } from '../../../application/ports/id-source.ts';
import { invariant } from '../../../domain/invariant.ts';

/** Resolution of a fraction: how many different values there are. */
const FRACTION_STEPS = 2 ** 32;

/** Ids and secrets from the operating system's generator. */
export class CryptoIdSource implements IdSource {
  uuid(): string {
    return randomUUID();
  }

  secret(bits: number): string {
    invariant(
      Number.isSafeInteger(bits) && bits >= 128 && bits % 8 === 0,
      `not a secret's length: ${bits} bits`,
    );
    return randomBytes(bits / 8).toString('base64url');
  }

  fraction(): number {
    return randomInt(FRACTION_STEPS) / FRACTION_STEPS;
  }
}
