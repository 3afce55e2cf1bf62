import type {
  SigningKey,
  SigningKeyRepository,
} from '../../../../application/ports/identity/signing-key-repository.ts';
import { decideWrite } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { IdentityCollections } from './identity-collections.ts';
import { signingKeyFrom } from './identity-documents.ts';

/** The number of the first key, which racing callers all try to insert. */
const FIRST = 1;

/** Signing keys in MongoDB: one set for all nodes, so that each knows the tokens of every other. */
export class MongoSigningKeyRepository implements SigningKeyRepository {
  readonly #store: MongoStore;
  readonly #in: IdentityCollections;

  constructor(store: MongoStore, collections: IdentityCollections) {
    this.#store = store;
    this.#in = collections;
  }

  async list(): Promise<readonly SigningKey[]> {
    const found = this.#in.signingKeys.find().sort({ createdAtMs: -1, kid: 1 });
    return (await this.#store.read(() => found.toArray())).map(signingKeyFrom);
  }

  addFirst(key: SigningKey): Promise<SigningKey> {
    const newest = async (): Promise<SigningKey | undefined> => (await this.list())[0];
    return decideWrite(this.#store, {
      attempt: async () => {
        const stored = await newest();
        if (stored !== undefined) return stored;
        await this.#in.signingKeys.insertOne({ _id: FIRST, ...key });
        return key;
      },
      known: newest,
    });
  }
}
