import { MemoryAuditLog } from '../../../../src/adapters/outbound/memory/audit/memory-audit-log.ts';
import { describeAuditLog } from '../../../contracts/audit-log.ts';

describeAuditLog('MemoryAuditLog', async () => ({ log: new MemoryAuditLog(), close: async () => {} }));
