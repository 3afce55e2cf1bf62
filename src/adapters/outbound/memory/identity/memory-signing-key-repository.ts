import type {
  SigningKey,
  SigningKeyRepository,
} from '../../../../application/ports/identity/signing-key-repository.ts';

/** Signing keys in one process's memory: they end with it, and so do the tokens that they signed. */
export class MemorySigningKeyRepository implements SigningKeyRepository {
  #keys: readonly SigningKey[] = [];

  async list(): Promise<readonly SigningKey[]> {
    return this.#keys;
  }

  async addFirst(key: SigningKey): Promise<SigningKey> {
    const [newest = key] = this.#keys;
    this.#keys = [newest, ...this.#keys.slice(1)];
    return newest;
  }
}
