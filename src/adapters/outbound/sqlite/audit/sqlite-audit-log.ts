import type { AuditEntry, AuditLog } from '../../../../application/ports/audit-log.ts';
import type { ChainedRecord, ChainHead } from '../../../../domain/audit/audit-chain.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { readAudit, readHeads } from './audit-rows.ts';

/** The audit log of the embedded store. */
export class SqliteAuditLog implements AuditLog {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  append(records: readonly AuditRecord[]): Promise<void> {
    return this.#store.write('audit.append', records, 'full');
  }

  anchor(): Promise<ChainHead> {
    return this.#store.write('audit.anchor', undefined, 'full');
  }

  read(query: { readonly afterCursor: number; readonly limit: number }): Promise<readonly AuditEntry[]> {
    return this.#store.read((db) => readAudit(db, query));
  }

  heads(limit: number): Promise<readonly ChainHead[]> {
    return this.#store.read((db) => readHeads(db, limit));
  }

  subscribe(listener: (record: ChainedRecord) => void): void {
    this.#store.onAudited = listener;
  }
}
