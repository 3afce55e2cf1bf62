import { expect } from 'chai';
import { MemoryLeases } from '../../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { BEAT_MS, HearNodes } from '../../../src/application/fleet/hear-nodes.ts';
import { nodeLeaseName } from '../../../src/application/fleet/node-lease.ts';
import type { FleetPulse } from '../../../src/application/ports/fleet/fleet-pulse.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { mintNodeId, type NodeId } from '../../../src/domain/streaming/node-id.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { RecordingMetrics } from '../../support/recording-metrics.ts';

const LIFE_MS = 5_000;
/** Long enough for whoever is not heard to be missed. */
const MISSED_MS = LIFE_MS + 6 * BEAT_MS;

const idOf = (number: number): NodeId =>
  mintNodeId('host', `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`);

/** What carries the beats of one server. */
class Server {
  readonly hearers = new Set<(id: NodeId) => void>();
  takes = true;
}

class Pulse implements FleetPulse {
  isOpen = true;
  doubted: string | undefined;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  beat(id: NodeId): void {
    if (this.#server.takes) for (const hear of this.#server.hearers) hear(id);
  }

  listen(onBeat: (id: NodeId) => void): () => void {
    this.#server.hearers.add(onBeat);
    return () => this.#server.hearers.delete(onBeat);
  }

  doubt(reason: string | undefined): void {
    this.doubted = reason;
  }
}

describe('nodes that hear each other', () => {
  let timers: ManualTimers;
  let leases: MemoryLeases;
  let metrics: RecordingMetrics;
  let stopping: AbortController;
  /** The nodes whose leases are renewed. */
  let living: Set<NodeId>;

  beforeEach(async () => {
    timers = new ManualTimers();
    leases = new MemoryLeases(timers);
    metrics = new RecordingMetrics();
    stopping = new AbortController();
    living = new Set();
    void renew();
  });
  afterEach(() => stopping.abort(new Error('the test is over')));

  async function renew(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const id of living) await leases.hold(nodeLeaseName(id), id, LIFE_MS);
      await timers.sleep(LIFE_MS / 3, stopping.signal).catch(() => undefined);
    }
  }

  function aNode(number: number, server: Server): { pulse: Pulse; id: NodeId } {
    const [id, pulse] = [idOf(number), new Pulse(server)];
    living.add(id);
    const { clock } = timers;
    const deps = { pulse, leases, node: { id }, clock, timers, log: new RecordingLog(), metrics };
    void new HearNodes({ ...deps, lifeMs: LIFE_MS }).execute({ signal: stopping.signal });
    return { pulse, id };
  }

  it('doubt nothing', async () => {
    const server = new Server();
    const nodes = [1, 2, 3].map((number) => aNode(number, server));
    await timers.advance(MISSED_MS * 3);
    expect(nodes.map(({ pulse }) => pulse.doubted)).to.deep.equal([undefined, undefined, undefined]);
    expect(metrics.of('holdfast_fleet_nodes_unheard').at(-1)?.value).to.equal(0);
  });

  it('doubt what takes no words, although it can be heard', async () => {
    const server = new Server();
    const { pulse } = aNode(1, server);
    server.takes = false;
    await timers.advance(MISSED_MS);
    expect(pulse.doubted).to.equal('what this node says does not come back to it');
    server.takes = true;
    await timers.advance(3 * BEAT_MS);
    expect(pulse.doubted).to.equal(undefined);
  });

  it('doubt it on both sides when one of them is on another server', async () => {
    const [one, other] = [new Server(), new Server()];
    const [first, second, third] = [aNode(1, one), aNode(2, one), aNode(3, other)];
    await timers.advance(MISSED_MS);
    for (const { pulse } of [first, second]) expect(pulse.doubted).to.include(third.id);
    expect(third.pulse.doubted).to.include(first.id).and.include(second.id);
    expect(metrics.of('holdfast_fleet_nodes_unheard').at(-1)?.value).to.be.at.least(1);
  });

  it('miss nobody who has died, whose lease lapses', async () => {
    const server = new Server();
    const { pulse } = aNode(1, server);
    const dead = idOf(9);
    await leases.hold(nodeLeaseName(dead), dead, LIFE_MS);
    for (let ms = 0; ms < MISSED_MS * 2; ms += BEAT_MS) {
      await timers.advance(BEAT_MS);
      expect(pulse.doubted).to.equal(undefined);
    }
  });

  it('miss nobody because they have stood still themselves', async () => {
    const server = new Server();
    const { pulse } = aNode(1, server);
    const other = idOf(2);
    living.add(other);
    for (let beat = 0; beat < 10; beat += 1) {
      for (const hear of server.hearers) hear(other);
      await timers.advance(BEAT_MS);
    }
    timers.clock.advance(30_000);
    // Nobody else stood still.
    for (const id of living) await leases.hold(nodeLeaseName(id), id, LIFE_MS);
    await timers.advance(BEAT_MS);
    expect(pulse.doubted).to.equal(undefined);
    await timers.advance(MISSED_MS);
    expect(pulse.doubted).to.include(other);
  });

  it('know whom they have heard while they could not look', async () => {
    const server = new Server();
    const { pulse } = aNode(1, server);
    const other = idOf(2);
    living.add(other);
    await timers.advance(LIFE_MS);
    const list = leases.list.bind(leases);
    leases.list = async () => {
      throw new PortError('unavailable', 'store', 'it is away');
    };
    for (let ms = 0; ms < MISSED_MS * 2; ms += BEAT_MS) {
      for (const hear of server.hearers) hear(other);
      await timers.advance(BEAT_MS);
    }
    // One beat is lost before the store is back.
    await timers.advance(BEAT_MS);
    leases.list = list;
    await timers.advance(BEAT_MS);
    expect(pulse.doubted).to.equal(undefined);
  });

  it('give everybody time anew when the way was shut, and doubt nothing while they cannot look', async () => {
    const server = new Server();
    const { pulse } = aNode(1, server);
    living.add(idOf(2));
    pulse.isOpen = false;
    await timers.advance(MISSED_MS * 2);
    expect(pulse.doubted).to.equal(undefined);
    pulse.isOpen = true;
    await timers.advance(LIFE_MS);
    expect(pulse.doubted).to.equal(undefined);
    await timers.advance(MISSED_MS);
    expect(pulse.doubted).to.include(idOf(2));
    leases.list = async () => {
      throw new PortError('unavailable', 'store', 'it is away');
    };
    pulse.doubted = undefined;
    await timers.advance(MISSED_MS);
    expect(pulse.doubted).to.equal(undefined);
  });
});
