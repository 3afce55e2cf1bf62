import type { ClientSession } from 'mongodb';
import type { AuditRecord } from '../../../domain/audit/audit-record.ts';

/** Stores what was done within the transaction that does it. */
export type RecordActs = (records: readonly AuditRecord[], session: ClientSession) => Promise<void>;
