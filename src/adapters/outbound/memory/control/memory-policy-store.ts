import type { PolicyStore } from '../../../../application/ports/control/policy-store.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import { FIRST_BOOK, type PolicyBook } from '../../../../domain/control/policy-book.ts';
import { MemoryAuditLog } from '../audit/memory-audit-log.ts';

/** The policy in one process's memory. */
export class MemoryPolicyStore implements PolicyStore {
  readonly #audit: MemoryAuditLog;
  #book: PolicyBook = FIRST_BOOK;

  constructor(audit = new MemoryAuditLog()) {
    this.#audit = audit;
  }

  async read(): Promise<PolicyBook> {
    return this.#book;
  }

  async write(next: PolicyBook, audit: readonly AuditRecord[]): Promise<'stored' | 'outdated'> {
    if (next.version !== this.#book.version + 1) return 'outdated';
    this.#book = next;
    this.#audit.add(audit);
    return 'stored';
  }
}
