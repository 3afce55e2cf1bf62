import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { PendingAuditDocument } from './audit-documents.ts';

/** For acts that are one write of one document: it holds the signed records until they are in `audit_pending`. */
export interface ActOutbox {
  /**
   * Signs the records of one act.
   *
   * @param act names the act among all there are; the text order of acts of one time is the order of their records.
   */
  sign(act: string, atMs: number, records: readonly AuditRecord[]): readonly PendingAuditDocument[];
  /** Says that signed records have come into `audit_pending`. */
  arrived(): void;
}
