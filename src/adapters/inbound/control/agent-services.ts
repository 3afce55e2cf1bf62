import type { AgentConnections } from '../../../application/control/agent-connections.ts';
import type { AgentRoutes } from '../../../application/control/agent-routes.ts';
import type { DeliverVerdicts } from '../../../application/control/deliver-verdicts.ts';
import type { FairSlots } from '../../../application/control/fair-slots.ts';
import type { LivePolicies } from '../../../application/control/live-policies.ts';
import type { OwnerRates } from '../../../application/control/owner-rates.ts';
import type { OwnerRoom } from '../../../application/control/owner-room.ts';
import type { TakeEvents } from '../../../application/control/take-events.ts';
import type { ThisNode } from '../../../application/fleet/this-node.ts';
import type { AuditTrail } from '../../../application/ports/audit-trail.ts';
import type { Clock } from '../../../application/ports/clock.ts';
import type { McpInventories } from '../../../application/ports/control/mcp-inventories.ts';
import type { Log } from '../../../application/ports/log.ts';
import type { Metrics } from '../../../application/ports/metrics.ts';

/** What every agent's session works with. */
export interface AgentServices {
  readonly routes: AgentRoutes;
  readonly connections: AgentConnections;
  readonly deliver: DeliverVerdicts;
  readonly policies: LivePolicies;
  readonly take: TakeEvents;
  readonly rates: OwnerRates;
  /** How often an owner's logins, and his inventories, are acted on: each costs writes, as an event does. */
  readonly loginRates: Pick<OwnerRates, 'admit'>;
  readonly inventoryRates: Pick<OwnerRates, 'admit'>;
  readonly room: OwnerRoom;
  /** Where events wait to be classified. */
  readonly slots: Pick<FairSlots, 'waiting'>;
  readonly inventories: Pick<McpInventories, 'replace'>;
  readonly node: ThisNode;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}
