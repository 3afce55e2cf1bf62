import type { Container } from 'inversify';
import { agentRoute } from '../../adapters/inbound/control/agent-route.ts';
import { AgentSockets } from '../../adapters/inbound/control/agent-sockets.ts';
import { CONFLICTS, ConflictThrottle } from '../../adapters/inbound/control/conflict-throttle.ts';
import { ClientAddress } from '../../adapters/inbound/http/client-address.ts';
import { networkOf } from '../../adapters/inbound/http/network-of.ts';
import { JudgingModel } from '../../adapters/outbound/judging-model/judging-model.ts';
import { AgentConnections } from '../../application/control/agent-connections.ts';
import { AgentRoutes } from '../../application/control/agent-routes.ts';
import { ClassifyInTime } from '../../application/control/classify-in-time.ts';
import { DeliverVerdicts } from '../../application/control/deliver-verdicts.ts';
import { DeliveryMarks } from '../../application/control/delivery-marks.ts';
import { FairSlots } from '../../application/control/fair-slots.ts';
import { LivingNodes } from '../../application/control/living-nodes.ts';
import { OrphanedVerdicts } from '../../application/control/orphaned-verdicts.ts';
import { OwnerRates } from '../../application/control/owner-rates.ts';
import { OwnerRoom } from '../../application/control/owner-room.ts';
import { RaisedClassifier } from '../../application/control/raised-classifier.ts';
import { RecordInBatches } from '../../application/control/record-in-batches.ts';
import { TakeEvents } from '../../application/control/take-events.ts';
import { ClaimSubscription } from '../../application/multiplexing/claim-subscription.ts';
import { LeaveSubscription } from '../../application/multiplexing/leave-subscription.ts';
import type { SubscriberDirectory } from '../../application/ports/multiplexing/subscriber-directory.ts';
import { ownerOf } from '../../domain/multiplexing/subscriber-owner.ts';
import type { Config } from '../config.ts';
import { ControlRules } from '../control-rules.ts';
import { WATCHMAN } from '../tokens/alerts.ts';
import * as control from '../tokens/control.ts';
import { FLEET_BUS, NODE_LEASES, THIS_NODE } from '../tokens/fleet.ts';
import { CHANGE_TURNS, SUBSCRIBERS } from '../tokens/multiplexing.ts';
import {
  ATTEMPT_COUNTERS,
  AUDIT,
  CLOCK,
  DIGEST,
  IDS,
  LOG,
  LOGIN_ENDS,
  METRICS,
  MODELS,
  SESSION_STATUS,
  TIMERS,
} from '../tokens.ts';

/** The part of the deadline of a verdict that a model may take: what it says too late is no verdict in time. */
const MODEL_SHARE = 0.8;
/** The part of it that classifying may take, waiting included: the verdict is to be kept before it is told. */
const CLASSIFYING_SHARE = 0.9;
/** Most sessions of one agent that are looked at to know whether it is at work. */
const LOOKED_AT_SESSIONS = 1_000;

/** Binds what agents connect to, over what keeps their events, policies and inventories. */
export function bindControl(container: Container, config: Config): void {
  bindClassifier(container, config);
  container
    .bind(control.AGENT_CONNECTIONS)
    .toResolvedValue(
      (policies) => {
        const connections = new AgentConnections();
        policies.onChange(() => {
          for (const connection of [...connections.mains()]) connection.tellPolicy();
        });
        return connections;
      },
      [control.LIVE_POLICIES],
    )
    .inSingletonScope();
  bindRoutes(container, config['control.lease']);
  bindDelivery(container);
  bindServices(container, config);
  bindSockets(container, config);
}

function bindClassifier(container: Container, config: Config): void {
  const modelId = config['control.model'];
  const limitMs = Math.floor(config['control.verdictDeadline'] * MODEL_SHARE);
  container.bind(control.CONTROL_RULES).toConstantValue(new ControlRules(config['control.rulesFile']));
  container
    .bind(control.EVENT_CLASSIFIER)
    .toDynamicValue(({ get }) => {
      const first = get(control.CONTROL_RULES);
      if (modelId === undefined) return first;
      const deps = { model: get(MODELS).forModel(modelId), ids: get(IDS), timers: get(TIMERS) };
      return new RaisedClassifier({ first, raising: new JudgingModel(deps, { modelId, limitMs }) });
    })
    .inSingletonScope();
}

function bindRoutes(container: Container, leaseMs: number): void {
  container
    .bind(control.AGENT_ROUTES)
    .toDynamicValue(({ get }) => {
      const [directory, clock, ids] = [get(SUBSCRIBERS), get(CLOCK), get(IDS)];
      const deps = { directory, clock, ids, digest: get(DIGEST), turns: get(CHANGE_TURNS) };
      const told = { audit: get(AUDIT), watchman: get(WATCHMAN), metrics: get(METRICS) };
      const claim = new ClaimSubscription({ ...deps, ...told, leaseMs });
      const rules = get(control.CONTROL_RULES);
      return new AgentRoutes({
        claim: {
          execute: async (command) => {
            // Rules that are there before the first agent is let in take no time of its first event's verdict.
            await rules.load().catch(() => undefined);
            return claim.execute(command);
          },
        },
        leave: new LeaveSubscription(deps),
        directory,
        node: get(THIS_NODE),
        bus: get(FLEET_BUS),
        clock,
        timers: get(TIMERS),
        log: get(LOG),
      });
    })
    .inSingletonScope();
}

function bindDelivery(container: Container): void {
  container
    .bind(control.DELIVER_VERDICTS)
    .toDynamicValue(({ get }) => {
      const [store, clock, timers] = [get(control.AGENT_EVENTS), get(CLOCK), get(TIMERS)];
      const [metrics, log] = [get(METRICS), get(LOG)];
      const marks = new DeliveryMarks({ store, timers, metrics, log });
      const bus = get(FLEET_BUS);
      return new DeliverVerdicts({
        store,
        marks,
        orphans: new OrphanedVerdicts({ store, marks, bus, clock, ids: get(IDS), log }),
        connections: get(control.AGENT_CONNECTIONS),
        directory: get(SUBSCRIBERS),
        nodes: new LivingNodes({ leases: get(NODE_LEASES), node: get(THIS_NODE), clock }),
        bus,
        audit: get(AUDIT),
        clock,
        timers,
        metrics,
        log,
      });
    })
    .inSingletonScope();
}

function bindServices(container: Container, config: Config): void {
  const rate = { ...config['control.eventsPerOwner'], burst: config['control.eventBurst'] };
  const loginRate = { ...config['control.loginsPerOwner'], burst: config['control.loginBurst'] };
  const inventoryRate = { ...config['control.inventoriesPerOwner'], burst: config['control.inventoryBurst'] };
  const bounds = { events: config['control.eventsUnderWay'], bytes: config['control.bytesUnderWay'] };
  const settings = {
    reviewDeadlineMs: config['control.reviewDeadline'],
    isClassifyingDear: config['control.model'] !== undefined,
    verdictDeadlineMs: config['control.verdictDeadline'],
  };
  container
    .bind(control.AGENT_SERVICES)
    .toDynamicValue(({ get }) => {
      const [store, clock, timers] = [get(control.AGENT_EVENTS), get(CLOCK), get(TIMERS)];
      const [audit, metrics, log] = [get(AUDIT), get(METRICS), get(LOG)];
      const policies = get(control.LIVE_POLICIES);
      const slots = new FairSlots(config['control.classifying']);
      const classify = new ClassifyInTime({
        classifier: get(control.EVENT_CLASSIFIER),
        slots,
        clock,
        timers,
        limitMs: Math.floor(config['control.verdictDeadline'] * CLASSIFYING_SHARE),
      });
      const records = new RecordInBatches(store, config['control.pendingReviews']);
      const told = { bus: get(FLEET_BUS), audit, watchman: get(WATCHMAN), metrics, log };
      const deps = { classify, records, store, policies, ...told, clock, timers, ids: get(IDS), settings };
      return {
        routes: get(control.AGENT_ROUTES),
        connections: get(control.AGENT_CONNECTIONS),
        deliver: get(control.DELIVER_VERDICTS),
        policies,
        take: new TakeEvents(deps),
        rates: new OwnerRates({ rate, clock, timers }),
        loginRates: new OwnerRates({ rate: loginRate, clock, timers }),
        inventoryRates: new OwnerRates({ rate: inventoryRate, clock, timers }),
        room: new OwnerRoom({ bounds, metrics }),
        inventories: get(control.MCP_INVENTORIES),
        node: get(THIS_NODE),
        slots,
        audit,
        clock,
        metrics,
        log,
      };
    })
    .inSingletonScope();
}

function bindSockets(container: Container, config: Config): void {
  container
    .bind(control.AGENT_SOCKETS)
    .toDynamicValue(
      ({ get }) =>
        new AgentSockets({
          services: get(control.AGENT_SERVICES),
          sessions: get(SESSION_STATUS),
          loginEnds: get(LOGIN_ENDS),
          clock: get(CLOCK),
          timers: get(TIMERS),
          ids: get(IDS),
          maxSockets: config['control.socketsPerOwner'],
          maxBytes: config['control.bytesUnderWay'],
        }),
    )
    .inSingletonScope();
  const address = new ClientAddress(config.trustedProxy);
  container
    .bind(control.AGENT_ROUTE)
    .toResolvedValue(
      (sockets, counters, directory) =>
        agentRoute({
          sockets,
          throttle: new ConflictThrottle({
            conflicts: counters.open({ name: 'control-conflicts', ...CONFLICTS }),
            isAtWork: async (principal) =>
              sockets.holdsSession(principal.apiKeyId) || (await isAtWork(directory, ownerOf(principal))),
          }),
          networkOf: (request) => networkOf(address.of(request)),
          maxMessageBytes: config['control.maxMessageSize'],
        }),
      [control.AGENT_SOCKETS, ATTEMPT_COUNTERS, SUBSCRIBERS],
    )
    .inSingletonScope();
}

/** Whether any node holds a session of an owner's. */
async function isAtWork(directory: SubscriberDirectory, owner: ReturnType<typeof ownerOf>): Promise<boolean> {
  const sessions = await directory.list({ realm: 'control', owner, limit: LOOKED_AT_SESSIONS });
  return sessions.some(({ holders }) => holders.length > 0);
}
