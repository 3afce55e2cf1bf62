import type { ChainHead } from '../../../../domain/audit/audit-chain.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { Transaction } from '../operation.ts';

/** What writes to the audit log and to nothing else. */
export const AUDIT_OPERATIONS = {
  'audit.append': (db: Transaction, records: readonly AuditRecord[]): void => db.audit(records),
  'audit.anchor': (db: Transaction): ChainHead => db.anchorAudit(),
};
