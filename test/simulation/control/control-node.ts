import { AgentConnections } from '../../../src/application/control/agent-connections.ts';
import { AgentRoutes } from '../../../src/application/control/agent-routes.ts';
import { ChangePolicy } from '../../../src/application/control/change-policy.ts';
import { ClassifyInTime } from '../../../src/application/control/classify-in-time.ts';
import { DeliverVerdicts } from '../../../src/application/control/deliver-verdicts.ts';
import { DeliveryMarks } from '../../../src/application/control/delivery-marks.ts';
import { FairSlots } from '../../../src/application/control/fair-slots.ts';
import { LivePolicies } from '../../../src/application/control/live-policies.ts';
import { LivingNodes } from '../../../src/application/control/living-nodes.ts';
import { OrphanedVerdicts } from '../../../src/application/control/orphaned-verdicts.ts';
import { RecordInBatches } from '../../../src/application/control/record-in-batches.ts';
import { ResolveReview } from '../../../src/application/control/reviews/resolve-review.ts';
import { SessionOwners } from '../../../src/application/control/session-owners.ts';
import { TakeEvents } from '../../../src/application/control/take-events.ts';
import { NodeLease } from '../../../src/application/fleet/node-lease.ts';
import { Turn } from '../../../src/application/fleet/turn.ts';
import { ClaimSubscription } from '../../../src/application/multiplexing/claim-subscription.ts';
import { EndSubscription } from '../../../src/application/multiplexing/end-subscription.ts';
import {
  KeepSubscriptions,
  SWEEP_TURN_MS,
} from '../../../src/application/multiplexing/keep-subscriptions.ts';
import { LeaveSubscription } from '../../../src/application/multiplexing/leave-subscription.ts';
import { SweepSubscriptions } from '../../../src/application/multiplexing/sweep-subscriptions.ts';
import type { AgentRoute } from '../../../src/domain/control/agent-event-state.ts';
import type { MadCode } from '../../../src/domain/control/mad-code.ts';
import type { SimulatedProcess } from '../world/simulated-process.ts';
import type { ControlPorts } from './control-ports.ts';

/** Life of a node's lease, in milliseconds. */
const LEASE_MS = 5_000;
/** How often a node looks whether another has died, in milliseconds. */
const LOOK_FOR_DEAD_MS = 2_500;
/** How long a person has, in milliseconds: longer than any run. */
const REVIEW_MS = 80_000_000;
/** How long a store may be away before a node tries again to join, in milliseconds. */
const JOIN_AGAIN_MS = 500;

/** One run of the program: what serves agents, over the ports of a process, as `main` composes it. */
export class ControlNode {
  readonly process: SimulatedProcess;
  readonly routes: AgentRoutes;
  readonly connections = new AgentConnections();
  readonly deliver: DeliverVerdicts;
  readonly take: TakeEvents;
  readonly resolve: ResolveReview;
  readonly lease: NodeLease;
  readonly policies: LivePolicies;
  readonly change: ChangePolicy;
  readonly owners: SessionOwners;
  readonly #ports: ControlPorts;
  #isServing = false;

  /** `routeLeaseMs`: how long an agent's session stays its agent's when nobody is connected. */
  constructor(process: SimulatedProcess, ports: ControlPorts, routeLeaseMs: number) {
    this.process = process;
    this.#ports = ports;
    const { store, directory, clock, timers, metrics } = ports;
    const node = new NodeLease({ ...ports, host: process.name, lifeMs: LEASE_MS });
    this.lease = node;
    const deps = { ...ports, node };
    const [connections, nodes] = [this.connections, new LivingNodes(deps)];
    this.routes = new AgentRoutes({
      ...deps,
      claim: new ClaimSubscription({ ...ports, leaseMs: routeLeaseMs }),
      leave: new LeaveSubscription(ports),
    });
    const marks = new DeliveryMarks(ports);
    const orphans = new OrphanedVerdicts({ ...ports, marks });
    this.deliver = new DeliverVerdicts({ ...deps, marks, orphans, connections, nodes });
    this.policies = new LivePolicies({ ...ports, store: ports.policies });
    this.policies.onChange(() => {
      for (const connection of [...connections.mains()]) connection.tellPolicy();
    });
    this.change = new ChangePolicy({ ...ports, store: ports.policies, policies: this.policies });
    this.owners = new SessionOwners({ ...ports, end: new EndSubscription(ports) });
    const classifier = {
      classify: async ({ calls }: { readonly calls: readonly unknown[] }) =>
        calls.length > 0
          ? { kind: 'classified' as const, code: 'M4' as MadCode, reason: 'Dangerous', rule: 'calls' }
          : { kind: 'classified' as const, code: 'M0' as MadCode, reason: 'Harmless', rule: 'none' },
    };
    const slots = new FairSlots(8);
    this.take = new TakeEvents({
      ...ports,
      classify: new ClassifyInTime({ classifier, slots, clock, timers, limitMs: 9_000 }),
      records: new RecordInBatches(store, 1_000),
      policies: this.policies,
      settings: { reviewDeadlineMs: REVIEW_MS, isClassifyingDear: false, verdictDeadlineMs: 10_000 },
    });
    this.resolve = new ResolveReview({ ...ports, policies: this.policies, directory, nodes, metrics });
  }

  /** Whether the directory knows it by this name, and somebody is logged in to a session here. */
  holds(node: string, route: AgentRoute): boolean {
    try {
      return this.lease.id === node && this.connections.newestMain(route) !== undefined;
    } catch {
      return false;
    }
  }

  /** Whether agents and persons are answered. */
  get isServing(): boolean {
    return this.#isServing && this.process.isAlive;
  }

  async serve(): Promise<void> {
    const { timers } = this.#ports;
    for (let isIn = false; !isIn; ) {
      isIn = await this.lease.join().then(
        () => true,
        () => false,
      );
      if (!isIn) await timers.sleep(JOIN_AGAIN_MS);
    }
    for (let isRead = false; !isRead; ) {
      isRead = await this.policies.load().then(
        () => true,
        () => false,
      );
    }
    this.#isServing = true;
    const { signal } = new AbortController();
    const onLost = (route: AgentRoute): void => {
      for (const connection of this.connections.of(route)) connection.lose();
    };
    const loops = [
      this.policies.execute({ signal }),
      this.lease.execute({ signal }),
      this.routes.execute({ signal, onLost }),
      this.deliver.execute({ signal }),
      this.#keeper().execute({ signal }),
      this.#lookForDead(),
    ];
    await Promise.all(loops);
  }

  #keeper(): KeepSubscriptions {
    const deps = { ...this.#ports, node: this.lease };
    const turn = new Turn(deps, { work: 'subscriptions', lifeMs: SWEEP_TURN_MS });
    return new KeepSubscriptions({ ...deps, sweep: new SweepSubscriptions(deps), turn });
  }

  /** Stands for what watches the leases of nodes in the program. */
  async #lookForDead(): Promise<void> {
    const { leases, timers } = this.#ports;
    let before = 0;
    for (;;) {
      await timers.sleep(LOOK_FOR_DEAD_MS);
      const held = await leases.list('node/').catch(() => undefined);
      if (held === undefined) continue;
      const lapsed = held.filter((lease) => lease.lapsed).length;
      if (lapsed !== before) this.deliver.nodesGone();
      before = lapsed;
    }
  }
}
