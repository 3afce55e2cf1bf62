import { MemoryAuditLog } from '../../../../src/adapters/outbound/memory/audit/memory-audit-log.ts';
import { MemorySubscriberDirectory } from '../../../../src/adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import { actsOf, describeSubscriberDirectory } from '../../../contracts/subscriber-directory.ts';

describeSubscriberDirectory('MemorySubscriberDirectory', async () => {
  const audit = new MemoryAuditLog();
  return { directory: new MemorySubscriberDirectory(audit), acts: () => actsOf(audit) };
});
