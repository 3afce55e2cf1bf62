import type { AgentEventStore } from '../../application/ports/control/agent-event-store.ts';
import type { McpInventories } from '../../application/ports/control/mcp-inventories.ts';
import type { PolicyStore } from '../../application/ports/control/policy-store.ts';
import { identify } from '../tokens.ts';

export const AGENT_EVENTS = identify<AgentEventStore>('AgentEventStore');
export const POLICY_STORE = identify<PolicyStore>('PolicyStore');
export const MCP_INVENTORIES = identify<McpInventories>('McpInventories');
