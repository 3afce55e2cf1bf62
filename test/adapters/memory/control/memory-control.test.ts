import { MemoryAuditLog } from '../../../../src/adapters/outbound/memory/audit/memory-audit-log.ts';
import { MemoryAgentEventStore } from '../../../../src/adapters/outbound/memory/control/memory-agent-event-store.ts';
import { MemoryMcpInventories } from '../../../../src/adapters/outbound/memory/control/memory-mcp-inventories.ts';
import { MemoryPolicyStore } from '../../../../src/adapters/outbound/memory/control/memory-policy-store.ts';
import { controlActsOf, describeAgentEventStore } from '../../../contracts/agent-event-store.ts';
import { describeMcpInventories } from '../../../contracts/mcp-inventories.ts';
import { describePolicyStore } from '../../../contracts/policy-store.ts';

describeAgentEventStore('MemoryAgentEventStore', async () => {
  const audit = new MemoryAuditLog();
  return { events: new MemoryAgentEventStore(audit), acts: () => controlActsOf(audit) };
});

describePolicyStore('MemoryPolicyStore', async () => {
  const audit = new MemoryAuditLog();
  return { policies: new MemoryPolicyStore(audit), acts: () => controlActsOf(audit) };
});

describeMcpInventories('MemoryMcpInventories', async () => new MemoryMcpInventories());
