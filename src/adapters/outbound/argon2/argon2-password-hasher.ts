import { availableParallelism } from 'node:os';
import { argon2id, hash, needsRehash, verify } from 'argon2';
import type { PasswordHasher } from '../../../application/ports/identity/password-hasher.ts';
import { PortError } from '../../../application/ports/port-error.ts';

/** What one hash costs. */
export interface Argon2Cost {
  /** Memory, in KiB. */
  readonly memoryKib: number;
  /** Passes over that memory. */
  readonly passes: number;
}

/** The least that OWASP's Password Storage Cheat Sheet recommends for argon2id with one lane. */
const RECOMMENDED_COST: Argon2Cost = { memoryKib: 19_456, passes: 2 };

const LANES = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Hashes that run at once on however many cores: 300 MiB of memory. */
const MAX_RUNNING = 16;
/** Hashes that wait at most: about three seconds of work of two cores; whoever comes then is told to come back. */
const MAX_WAITING = 128;

/**
 * Hashes passwords with argon2id on libuv's threads, one for each core. The command starts four threads more than
 * there are cores, so that files, names and signatures never wait for a password.
 */
export class Argon2PasswordHasher implements PasswordHasher {
  readonly #options: {
    readonly type: typeof argon2id;
    readonly memoryCost: number;
    readonly timeCost: number;
    readonly parallelism: number;
    readonly hashLength: number;
  };
  /** A hash that no password has, at today's cost: what an unknown user's password is compared with. */
  readonly #nobodysHash: string;
  readonly #maxRunning: number;
  readonly #waiting: Array<() => void> = [];
  #running = 0;

  constructor(cost: Argon2Cost = RECOMMENDED_COST, cores: number = availableParallelism()) {
    this.#maxRunning = Math.min(cores, MAX_RUNNING);
    this.#options = {
      type: argon2id,
      memoryCost: cost.memoryKib,
      timeCost: cost.passes,
      parallelism: LANES,
      hashLength: HASH_BYTES,
    };
    this.#nobodysHash = `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=${LANES}$${zeros(SALT_BYTES)}$${zeros(HASH_BYTES)}`;
  }

  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, this.#options));
  }

  verify(password: string, encoded: string | undefined): Promise<boolean> {
    return this.#inTurn(async () => {
      const matches = await verify(encoded ?? this.#nobodysHash, password);
      return matches && encoded !== undefined;
    });
  }

  needsRehash(encoded: string): boolean {
    return needsRehash(encoded, this.#options);
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#maxRunning) this.#running += 1;
    else {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new PortError('unavailable', 'password-hasher', 'too many passwords are being hashed');
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

const zeros = (bytes: number): string => Buffer.alloc(bytes).toString('base64').replaceAll('=', '');
