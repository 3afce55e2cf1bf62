import { SqliteAuditLog } from '../../../../src/adapters/outbound/sqlite/audit/sqlite-audit-log.ts';
import { SqliteAgentEventStore } from '../../../../src/adapters/outbound/sqlite/control/sqlite-agent-event-store.ts';
import { SqliteMcpInventories } from '../../../../src/adapters/outbound/sqlite/control/sqlite-mcp-inventories.ts';
import { SqlitePolicyStore } from '../../../../src/adapters/outbound/sqlite/control/sqlite-policy-store.ts';
import { controlActsOf, describeAgentEventStore } from '../../../contracts/agent-event-store.ts';
import { describeMcpInventories } from '../../../contracts/mcp-inventories.ts';
import { describePolicyStore } from '../../../contracts/policy-store.ts';
import { type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

describe('the embedded store of the agent control plane', () => {
  let temporary: TemporaryStore;
  before(async () => {
    temporary = await temporaryStore();
  });
  after(() => temporary.remove());

  /** The acts that are stored from now on; the log is append-only. */
  async function actsFromNow(): Promise<() => Promise<string[]>> {
    const audit = new SqliteAuditLog(temporary.store);
    const before = (await controlActsOf(audit)).length;
    return async () => (await controlActsOf(audit)).slice(before);
  }

  describeAgentEventStore('SqliteAgentEventStore', async () => {
    temporary.clear();
    return { events: new SqliteAgentEventStore(temporary.store), acts: await actsFromNow() };
  });

  describeAgentEventStore('SqliteAgentEventStore, whose events are listed two at a time', async () => {
    temporary.clear();
    return { events: new SqliteAgentEventStore(temporary.store, 2), acts: await actsFromNow() };
  });

  describePolicyStore('SqlitePolicyStore', async () => {
    temporary.clear();
    return { policies: new SqlitePolicyStore(temporary.store), acts: await actsFromNow() };
  });

  describeMcpInventories('SqliteMcpInventories', async () => {
    temporary.clear();
    return new SqliteMcpInventories(temporary.store);
  });
});
