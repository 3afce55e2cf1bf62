import { expect } from 'chai';
import { MemoryAgentEventStore } from '../../../src/adapters/outbound/memory/control/memory-agent-event-store.ts';
import { MemoryFleetBus } from '../../../src/adapters/outbound/memory/fleet/memory-fleet-bus.ts';
import { MemoryLeases } from '../../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { MemorySubscriberDirectory } from '../../../src/adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import { CryptoIdSource } from '../../../src/adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../../../src/adapters/outbound/system/node-digest.ts';
import {
  type AgentConnection,
  AgentConnections,
} from '../../../src/application/control/agent-connections.ts';
import { AgentRoutes } from '../../../src/application/control/agent-routes.ts';
import {
  DeliverVerdicts,
  LOOK_ANYWAY_MS,
  LOOK_FOR_DUE_MS,
} from '../../../src/application/control/deliver-verdicts.ts';
import { DeliveryMarks, GATHER_MS } from '../../../src/application/control/delivery-marks.ts';
import { LivingNodes } from '../../../src/application/control/living-nodes.ts';
import { OrphanedVerdicts } from '../../../src/application/control/orphaned-verdicts.ts';
import { nodeLeaseName } from '../../../src/application/fleet/node-lease.ts';
import { ClaimSubscription } from '../../../src/application/multiplexing/claim-subscription.ts';
import { LeaveSubscription } from '../../../src/application/multiplexing/leave-subscription.ts';
import type { AgentEventState } from '../../../src/domain/control/agent-event-state.ts';
import type { NodeId } from '../../../src/domain/streaming/node-id.ts';
import { agent, anAgentEvent } from '../../support/agent-event-builders.ts';
import { eventually } from '../../support/eventually.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingAudit } from '../../support/recording-audit.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';
import { RecordingWatchman } from '../../support/recording-watchman.ts';

const OWNER = agent(1);
const ROUTE = { owner: OWNER, sessionId: 'session' };

/** A connection whose client a test plays. */
class Played implements AgentConnection {
  readonly route = ROUTE;
  readonly profile = undefined;
  readonly told: string[] = [];
  isFull = false;
  readonly #comes: Array<(hasCome: boolean) => void> = [];
  readonly name: string;
  readonly isMain: boolean;

  constructor(name: string, isMain = true) {
    this.name = name;
    this.isMain = isMain;
  }

  tell(state: AgentEventState): Promise<boolean> | 'full' {
    if (this.isFull) return 'full';
    this.told.push(state.claims.eventId);
    return new Promise((resolve) => this.#comes.push(resolve));
  }

  /** Everything that was told has come, or is known not to. */
  confirm(hasCome = true): void {
    for (const come of this.#comes.splice(0)) come(hasCome);
  }

  tellPolicy(): void {}
  lose(): void {}
}

/** What two nodes have in common. */
class Fleet {
  readonly timers = new ManualTimers();
  readonly store = new MemoryAgentEventStore();
  readonly directory = new MemorySubscriberDirectory();
  readonly bus = new MemoryFleetBus();
  readonly leases = new MemoryLeases({ clock: this.timers.clock });
  readonly audit = new RecordingAudit();
  readonly metrics = new RecordingMetrics();

  async node(name: string) {
    const { timers, store, directory, bus, leases, audit, metrics } = this;
    const { clock } = timers;
    const [ids, log, node] = [new CryptoIdSource(), new RecordingLog(), { id: name as NodeId }];
    await leases.hold(nodeLeaseName(node.id), node.id, 60_000);
    const deps = { directory, clock, ids, digest: new NodeDigest(), audit, metrics };
    const connections = new AgentConnections();
    const claim = new ClaimSubscription({ ...deps, watchman: new RecordingWatchman() });
    const leave = new LeaveSubscription(deps);
    const routes = new AgentRoutes({ claim, leave, directory, node, bus, clock, timers, log });
    const marks = new DeliveryMarks({ store, timers, metrics, log });
    const orphans = new OrphanedVerdicts({ store, marks, bus, clock, ids, log });
    const nodes = new LivingNodes({ leases, node, clock });
    const told = { bus, audit, metrics, log };
    const parts = { store, marks, orphans, connections, directory, nodes, clock, timers };
    const deliver = new DeliverVerdicts({ ...parts, ...told });
    void deliver.execute({ signal: new AbortController().signal });
    const enter = async (connection: Played): Promise<void> => {
      await routes.enter({ route: ROUTE, isMain: connection.isMain });
      connections.add(connection);
      timers.clock.advance(1);
    };
    const leaveIt = async (connection: Played): Promise<void> => {
      connections.remove(connection);
      connection.confirm(false);
      await deliver.left(connection);
    };
    return { deliver, enter, leave: leaveIt };
  }

  /** Keeps an event that came by a connection. */
  async take(number: number, node: string, connection: string): Promise<AgentEventState> {
    const state = anAgentEvent(number, {
      owner: OWNER,
      sessionId: 'session',
      origin: { node, connection },
      mode: 'block',
    });
    await this.store.record([state], { maxPendingReviews: 100 });
    return state;
  }

  /** What is stored of each verdict, once what has come had its time to be written. */
  async deliveries(): Promise<string[]> {
    await this.timers.advance(GATHER_MS);
    const all = await this.store.list({ order: 'oldest-first', limit: 100, maxBytes: 1e9 });
    return all.map(({ delivery }) => delivery);
  }
}

describe('the delivery of verdicts', () => {
  it('sends a verdict to the connection that asked, and marks it when it has come', async () => {
    const fleet = new Fleet();
    const here = await fleet.node('here');
    const [asking, newer] = [new Played('asking'), new Played('newer')];
    await here.enter(asking);
    await here.enter(newer);
    here.deliver.taken(asking, await fleet.take(1, 'here', 'asking'));
    expect(asking.told).to.have.length(1);
    expect(await fleet.deliveries()).to.deep.equal(['due']);
    asking.confirm();
    await eventually(async () => expect(await fleet.deliveries()).to.deep.equal(['delivered']));
    expect(newer.told).to.deep.equal([]);
  });

  it('answers whoever asks again, though it is not known to have come what was answered first', async () => {
    const fleet = new Fleet();
    const here = await fleet.node('here');
    const asking = new Played('asking');
    await here.enter(asking);
    const state = await fleet.take(1, 'here', 'asking');
    here.deliver.taken(asking, state);
    const again = { ...state, mark: 'asked again' };
    await fleet.store.put(again, state.mark);
    here.deliver.taken(asking, again, true);
    expect(asking.told).to.have.length(2);
    expect(
      fleet.metrics.of('holdfast_control_verdicts_sent_total').map(({ labels }) => labels),
    ).to.deep.equal([{ how: 'at_once' }, { how: 'again' }]);
    asking.confirm();
    await eventually(async () => expect(await fleet.deliveries()).to.deep.equal(['delivered']));
  });

  it('9. no drop is silent: what a connection has no room for is counted, audited, and sent again when there is room', async () => {
    const fleet = new Fleet();
    const here = await fleet.node('here');
    const full = new Played('full');
    await here.enter(full);
    full.isFull = true;
    here.deliver.taken(full, await fleet.take(1, 'here', 'full'));
    expect(full.told).to.deep.equal([]);
    expect(fleet.metrics.of('holdfast_control_drops_total')).to.deep.equal([
      { name: 'holdfast_control_drops_total', labels: { what: 'verdict' }, value: 1 },
    ]);
    expect(fleet.audit.records.map(({ act }) => act)).to.deep.equal(['verdict.put_off']);
    full.isFull = false;
    here.deliver.look(ROUTE);
    await eventually(async () => expect(full.told).to.have.length(1));
  });

  it('9. no drop is silent: what was put off goes to whoever comes after, when its connection has gone', async () => {
    const fleet = new Fleet();
    const here = await fleet.node('here');
    const full = new Played('full');
    await here.enter(full);
    full.isFull = true;
    here.deliver.taken(full, await fleet.take(1, 'here', 'full'));
    await here.leave(full);
    const next = new Played('next');
    await here.enter(next);
    here.deliver.look(ROUTE);
    await eventually(async () => expect(next.told).to.have.length(1));
  });

  it('doubles nothing that is on its way, however often it is looked at', async () => {
    const fleet = new Fleet();
    const here = await fleet.node('here');
    const main = new Played('main');
    await here.enter(main);
    await fleet.take(1, 'gone-node', 'gone');
    for (let look = 0; look < 5; look += 1) fleet.bus.tellControl({ kind: 'due', route: ROUTE });
    await eventually(async () => expect(main.told).to.have.length(1));
    here.deliver.look(ROUTE);
    main.confirm();
    await eventually(async () => expect(await fleet.deliveries()).to.deep.equal(['delivered']));
    expect(main.told).to.have.length(1);
  });

  it('finds what is due although the word of it was lost on its way, of which nobody knows', async () => {
    const fleet = new Fleet();
    const here = await fleet.node('here');
    const main = new Played('main');
    await here.enter(main);
    await fleet.timers.advance(LOOK_FOR_DUE_MS);
    await fleet.take(1, 'gone-node', 'gone');
    await fleet.timers.advance(LOOK_FOR_DUE_MS);
    expect(main.told).to.deep.equal([]);
    await fleet.timers.advance(LOOK_ANYWAY_MS);
    expect(main.told).to.deep.equal(['event-1']);
  });

  it('leaves a verdict to the node whose connection asked, as long as both live', async () => {
    const fleet = new Fleet();
    const [here, there] = [await fleet.node('here'), await fleet.node('there')];
    const [asking, main] = [new Played('asking', false), new Played('main')];
    await here.enter(asking);
    await there.enter(main);
    await fleet.take(1, 'here', 'asking');
    fleet.bus.tellControl({ kind: 'due', route: ROUTE });
    await eventually(async () => expect(asking.told).to.have.length(1));
    expect(main.told).to.deep.equal([]);
    await here.leave(asking);
    await eventually(async () => expect(main.told).to.have.length(1));
  });

  it('sends what has no connection any more to the newest main one, on whichever node', async () => {
    const fleet = new Fleet();
    const [here, there] = [await fleet.node('here'), await fleet.node('there')];
    const [older, newest] = [new Played('older'), new Played('newest')];
    await there.enter(older);
    await here.enter(newest);
    await fleet.take(1, 'gone-node', 'gone');
    fleet.bus.tellControl({ kind: 'due', route: ROUTE });
    await eventually(async () => expect(newest.told).to.have.length(1));
    expect(older.told).to.deep.equal([]);
  });
});
