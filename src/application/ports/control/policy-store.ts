import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import type { PolicyBook } from '../../../domain/control/policy-book.ts';

/**
 * Keeps the policy and its overrides as one book. What is read is the latest. Durable when it resolves.
 *
 * @throws PortError `unavailable` when nothing was written; `timeout` when the outcome is unknown: whoever reads finds
 *   the version that was written, or not.
 */
export interface PolicyStore {
  /** The book; the one that holds from the start, of version 0, while nobody has written any. */
  read(): Promise<PolicyBook>;
  /** Stores the next version if the present one is the one before it. `audit` is stored with it and not without. */
  write(next: PolicyBook, audit: readonly AuditRecord[]): Promise<'stored' | 'outdated'>;
}
