import type { Route } from '../../adapters/inbound/http/route.ts';
import type { KeepEvents } from '../../application/control/keep-events.ts';
import type { LivePolicies } from '../../application/control/live-policies.ts';
import type { FollowReviews } from '../../application/control/reviews/follow-reviews.ts';
import type { AgentEventStore } from '../../application/ports/control/agent-event-store.ts';
import type { McpInventories } from '../../application/ports/control/mcp-inventories.ts';
import type { PolicyStore } from '../../application/ports/control/policy-store.ts';
import { identify } from '../tokens.ts';

export const AGENT_EVENTS = identify<AgentEventStore>('AgentEventStore');
export const POLICY_STORE = identify<PolicyStore>('PolicyStore');
export const MCP_INVENTORIES = identify<McpInventories>('McpInventories');

/** The policies as this node knows them. */
export const LIVE_POLICIES = identify<LivePolicies>('LivePolicies');
export const FOLLOW_REVIEWS = identify<FollowReviews>('FollowReviews');
export const KEEP_EVENTS = identify<KeepEvents>('KeepEvents');
export const CONTROL_ROUTES = identify<readonly Route[]>('ControlRoutes');
