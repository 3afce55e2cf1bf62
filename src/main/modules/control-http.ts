import type { Container } from 'inversify';
import { MalformedFrame, pairedEventToJson } from '../../adapters/inbound/control/agent-wire.ts';
import { controlRoutes } from '../../adapters/inbound/http/routes/control/control-routes.ts';
import { ChangePolicy } from '../../application/control/change-policy.ts';
import { ControlOverview } from '../../application/control/control-overview.ts';
import { KEEP_EVENTS_TURN_MS, KeepEvents } from '../../application/control/keep-events.ts';
import { LivePolicies } from '../../application/control/live-policies.ts';
import { LivingNodes } from '../../application/control/living-nodes.ts';
import { ReadEvents } from '../../application/control/read-events.ts';
import { ReadMcpServers } from '../../application/control/read-mcp-servers.ts';
import type { DecisionDeps } from '../../application/control/reviews/decide-review.ts';
import { FollowReviews } from '../../application/control/reviews/follow-reviews.ts';
import { ReadReviews } from '../../application/control/reviews/read-reviews.ts';
import { ResolveReview } from '../../application/control/reviews/resolve-review.ts';
import { ReviewerNames } from '../../application/control/reviews/reviewer-names.ts';
import { SessionOwners } from '../../application/control/session-owners.ts';
import { EndSubscription } from '../../application/multiplexing/end-subscription.ts';
import type { Config } from '../config.ts';
import * as control from '../tokens/control.ts';
import { FLEET_BUS, NODE_LEASES, THIS_NODE, TURNS } from '../tokens/fleet.ts';
import { CHANGE_TURNS, SUBSCRIBERS } from '../tokens/multiplexing.ts';
import { EVENT_STREAMS } from '../tokens/streaming.ts';
import { AUDIT, CLOCK, IDS, LOG, METRICS, PRINCIPAL_DIRECTORY, TIMERS } from '../tokens.ts';

/** Binds what people see and decide of agents, over the stores that the container has. */
export function bindControlHttp(container: Container, config: Pick<Config, 'control.retention'>): void {
  container
    .bind(control.LIVE_POLICIES)
    .toResolvedValue(
      (store, bus, timers, log) => new LivePolicies({ store, bus, timers, log }),
      [control.POLICY_STORE, FLEET_BUS, TIMERS, LOG],
    )
    .inSingletonScope();
  container
    .bind(control.FOLLOW_REVIEWS)
    .toResolvedValue(
      (store, bus, timers, log) => new FollowReviews({ store, bus, timers, log }),
      [control.AGENT_EVENTS, FLEET_BUS, TIMERS, LOG],
    )
    .inSingletonScope();
  bindKeeping(container, config['control.retention']);
  bindRoutes(container);
}

function bindKeeping(container: Container, retentionMs: number): void {
  container.bind(control.KEEP_EVENTS).toDynamicValue(
    ({ get }) =>
      new KeepEvents({
        ...decisionDeps(get),
        inventories: get(control.MCP_INVENTORIES),
        turn: get(TURNS)('agent-events', KEEP_EVENTS_TURN_MS),
        timers: get(TIMERS),
        log: get(LOG),
        retentionMs,
      }),
  );
}

function bindRoutes(container: Container): void {
  container.bind(control.CONTROL_ROUTES).toDynamicValue(({ get }) => {
    const store = get(control.AGENT_EVENTS);
    const [bus, clock, ids, directory] = [get(FLEET_BUS), get(CLOCK), get(IDS), get(SUBSCRIBERS)];
    const end = new EndSubscription({ directory, clock, ids, turns: get(CHANGE_TURNS) });
    return controlRoutes({
      readReviews: new ReadReviews({ store }),
      resolveReview: new ResolveReview({
        ...decisionDeps(get),
        directory,
        nodes: new LivingNodes({ leases: get(NODE_LEASES), node: get(THIS_NODE), clock }),
      }),
      followReviews: get(control.FOLLOW_REVIEWS),
      reviewerNames: new ReviewerNames({ directory: get(PRINCIPAL_DIRECTORY) }),
      readEvents: new ReadEvents({ store, audit: get(AUDIT) }),
      changePolicy: new ChangePolicy({
        store: get(control.POLICY_STORE),
        policies: get(control.LIVE_POLICIES),
        bus,
      }),
      readMcpServers: new ReadMcpServers({ inventories: get(control.MCP_INVENTORIES) }),
      overview: new ControlOverview({ store, clock }),
      sessionOwners: new SessionOwners({ directory, end, bus }),
      eventStreams: get(EVENT_STREAMS),
      renderEvent: readableEvent,
    });
  });
}

const decisionDeps = (get: Container['get']): DecisionDeps => ({
  store: get(control.AGENT_EVENTS),
  policies: get(control.LIVE_POLICIES),
  bus: get(FLEET_BUS),
  clock: get(CLOCK),
  ids: get(IDS),
  metrics: get(METRICS),
});

/** Whoever has changed a row must not keep the others from being read. */
function readableEvent(bytes: Uint8Array): unknown {
  try {
    return pairedEventToJson(bytes);
  } catch (error) {
    if (error instanceof MalformedFrame) return null;
    throw error;
  }
}
