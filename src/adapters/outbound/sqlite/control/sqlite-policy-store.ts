import type { PolicyStore } from '../../../../application/ports/control/policy-store.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import { FIRST_BOOK, type PolicyBook } from '../../../../domain/control/policy-book.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import type { WritePolicyInput } from './policy-operations.ts';

/** The policy in the embedded store. */
export class SqlitePolicyStore implements PolicyStore {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  read(): Promise<PolicyBook> {
    return this.#store.read((db) => {
      const row = db.prepare('SELECT book FROM policy_book').get();
      return row === undefined ? FIRST_BOOK : (JSON.parse(row.book as string) as PolicyBook);
    });
  }

  write(next: PolicyBook, audit: readonly AuditRecord[]): Promise<'stored' | 'outdated'> {
    const input: WritePolicyInput = { version: next.version, book: JSON.stringify(next), audit };
    return this.#store.write('control.write-policy', input, 'full');
  }
}
