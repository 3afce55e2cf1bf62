import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { Transaction } from '../operation.ts';

export interface WritePolicyInput {
  readonly version: number;
  /** The book as JSON. */
  readonly book: string;
  readonly audit: readonly AuditRecord[];
}

/** The writes of the policy, by name. */
export const POLICY_OPERATIONS = { 'control.write-policy': writePolicy };

function writePolicy(db: Transaction, { version, book, audit }: WritePolicyInput): 'stored' | 'outdated' {
  const present = db.prepare('SELECT version FROM policy_book').get()?.version ?? 0;
  if (version !== (present as number) + 1) return 'outdated';
  db.prepare(
    `INSERT INTO policy_book (id, version, book) VALUES (1, ?, ?)
     ON CONFLICT (id) DO UPDATE SET version = excluded.version, book = excluded.book`,
  ).run(version, book);
  db.audit(audit);
  return 'stored';
}
