import type { StoredAuditTrail } from '../../application/audit/stored-audit-trail.ts';
import { identify } from '../tokens.ts';

export const AUDIT_KEEPER = identify<StoredAuditTrail>('StoredAuditTrail');
