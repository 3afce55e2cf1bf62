import { type ClientSession, type Collection, ObjectId } from 'mongodb';
import type { PolicyStore } from '../../../../application/ports/control/policy-store.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import { FIRST_BOOK, type PolicyBook } from '../../../../domain/control/policy-book.ts';
import { decideTransaction } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import { bookFrom, POLICY, POLICY_BOOKS, type PolicyDocument, policyDocument } from './control-documents.ts';

/** The policy in MongoDB: one document, which the next version replaces if the present one is the one before it. */
export class MongoPolicyStore implements PolicyStore {
  readonly #store: MongoStore;
  readonly #books: Collection<PolicyDocument>;
  readonly #recordActs: RecordActs;

  constructor(store: MongoStore, recordActs: RecordActs) {
    this.#store = store;
    this.#books = store.collection<PolicyDocument>(POLICY_BOOKS);
    this.#recordActs = recordActs;
  }

  async read(): Promise<PolicyBook> {
    const found = await this.#store.read(() => this.#books.findOne({ _id: POLICY }));
    return found === null ? FIRST_BOOK : bookFrom(found);
  }

  write(next: PolicyBook, audit: readonly AuditRecord[]): Promise<'stored' | 'outdated'> {
    const document = policyDocument(next, new ObjectId());
    return decideTransaction<'stored' | 'outdated'>(this.#store, {
      attempt: async (session) => {
        if (!(await this.#replace(document, session))) return 'outdated';
        await this.#recordActs(audit, session);
        return 'stored';
      },
      keeps: (outcome) => outcome === 'stored',
      known: async () => {
        const found = await this.#books.findOne({ _id: POLICY }, { projection: { version: 1, mark: 1 } });
        if (found?.mark.equals(document.mark) === true) return 'stored';
        return (found?.version ?? FIRST_BOOK.version) === next.version - 1 ? undefined : 'outdated';
      },
    });
  }

  /** False when another version is there. The first one is inserted: one whose key is taken throws. */
  async #replace({ _id, ...fields }: PolicyDocument, session: ClientSession): Promise<boolean> {
    const before = fields.version - 1;
    if (before === FIRST_BOOK.version) {
      await this.#books.insertOne({ _id, ...fields }, { session });
      return true;
    }
    const { matchedCount } = await this.#books.replaceOne({ _id, version: before }, fields, { session });
    return matchedCount === 1;
  }
}
