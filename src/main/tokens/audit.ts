import type { ReadAudit } from '../../application/audit/read-audit.ts';
import type { StoredAuditTrail } from '../../application/audit/stored-audit-trail.ts';
import { identify } from '../tokens.ts';

export const AUDIT_KEEPER = identify<StoredAuditTrail>('StoredAuditTrail');
export const READ_AUDIT = identify<ReadAudit>('ReadAudit');
