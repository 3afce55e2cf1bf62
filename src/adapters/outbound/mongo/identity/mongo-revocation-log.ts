import type {
  Revocation,
  RevocationLog,
  RevocationRange,
} from '../../../../application/ports/identity/revocation-log.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { IdentityCollections } from './identity-collections.ts';
import { HEAD } from './revocation-appender.ts';

/** The ends of logins in MongoDB, written by the transactions that end them. */
export class MongoRevocationLog implements RevocationLog {
  readonly #store: MongoStore;
  readonly #in: IdentityCollections;

  constructor(store: MongoStore, collections: IdentityCollections) {
    this.#store = store;
    this.#in = collections;
  }

  async after(sequence: number, limit: number): Promise<readonly Revocation[] | 'lost'> {
    // The entries first: were some of them forgotten between the two looks, the floor would tell.
    const entries = limit === 0 ? [] : await this.#entriesAfter(sequence, limit);
    const { floor, head } = await this.range();
    return sequence < floor || sequence > head ? 'lost' : entries;
  }

  async range(): Promise<RevocationRange> {
    const stored = await this.#store.read(() => this.#in.heads.findOne({ _id: HEAD }));
    return { floor: stored?.floor ?? 0, head: stored?.head ?? 0 };
  }

  async #entriesAfter(sequence: number, limit: number): Promise<Revocation[]> {
    const found = this.#in.revocations
      .find({ _id: { $gt: sequence } })
      .sort({ _id: 1 })
      .limit(limit);
    const entries = await this.#store.read(() => found.toArray());
    return entries.map(({ _id, atMs, end }) => ({ sequence: _id, atMs, end }));
  }
}
