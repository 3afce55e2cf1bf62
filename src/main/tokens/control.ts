import type { agentRoute } from '../../adapters/inbound/control/agent-route.ts';
import type { AgentServices } from '../../adapters/inbound/control/agent-services.ts';
import type { AgentSockets } from '../../adapters/inbound/control/agent-sockets.ts';
import type { Route } from '../../adapters/inbound/http/route.ts';
import type { AgentConnections } from '../../application/control/agent-connections.ts';
import type { AgentRoutes } from '../../application/control/agent-routes.ts';
import type { DeliverVerdicts } from '../../application/control/deliver-verdicts.ts';
import type { KeepEvents } from '../../application/control/keep-events.ts';
import type { LivePolicies } from '../../application/control/live-policies.ts';
import type { FollowReviews } from '../../application/control/reviews/follow-reviews.ts';
import type { AgentEventStore } from '../../application/ports/control/agent-event-store.ts';
import type { EventClassifier } from '../../application/ports/control/event-classifier.ts';
import type { McpInventories } from '../../application/ports/control/mcp-inventories.ts';
import type { PolicyStore } from '../../application/ports/control/policy-store.ts';
import type { ControlRules } from '../control-rules.ts';
import { identify } from '../tokens.ts';

export const AGENT_EVENTS = identify<AgentEventStore>('AgentEventStore');
export const POLICY_STORE = identify<PolicyStore>('PolicyStore');
export const MCP_INVENTORIES = identify<McpInventories>('McpInventories');

/** The policies as this node knows them. */
export const LIVE_POLICIES = identify<LivePolicies>('LivePolicies');
export const FOLLOW_REVIEWS = identify<FollowReviews>('FollowReviews');
export const KEEP_EVENTS = identify<KeepEvents>('KeepEvents');
export const CONTROL_ROUTES = identify<readonly Route[]>('ControlRoutes');

/** The operator's rules and those that come with the program. */
export const CONTROL_RULES = identify<ControlRules>('ControlRules');
/** What classifies agents' events: the rules, and the model beside them where one is named. */
export const EVENT_CLASSIFIER = identify<EventClassifier>('EventClassifier');
/** The agents that are logged in here. */
export const AGENT_CONNECTIONS = identify<AgentConnections>('AgentConnections');
/** What this node holds for them. */
export const AGENT_ROUTES = identify<AgentRoutes>('AgentRoutes');
export const DELIVER_VERDICTS = identify<DeliverVerdicts>('DeliverVerdicts');
export const AGENT_SERVICES = identify<AgentServices>('AgentServices');
export const AGENT_SOCKETS = identify<AgentSockets>('AgentSockets');
/** The address of agents' WebSockets. */
export const AGENT_ROUTE = identify<ReturnType<typeof agentRoute>>('AgentRoute');
