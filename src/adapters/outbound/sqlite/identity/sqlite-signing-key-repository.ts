import type {
  SigningKey,
  SigningKeyRepository,
} from '../../../../application/ports/identity/signing-key-repository.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { signingKeyFrom } from './identity-rows.ts';

/** Signing keys in the embedded store, which is as private as its folder. */
export class SqliteSigningKeyRepository implements SigningKeyRepository {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  list(): Promise<readonly SigningKey[]> {
    return this.#store.read((db) =>
      db.prepare('SELECT * FROM signing_keys ORDER BY created_at_ms DESC, kid').all().map(signingKeyFrom),
    );
  }

  addFirst(key: SigningKey): Promise<SigningKey> {
    return this.#store.write('identity.add-first-key', key, 'full');
  }
}
