import { MemoryLeases } from '../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { MemoryReaderMarks } from '../../src/adapters/outbound/memory/fleet/memory-reader-marks.ts';
import { MemoryStreamingStore } from '../../src/adapters/outbound/memory/streaming/memory-streaming-store.ts';
import { ReadersElsewhere } from '../../src/application/fleet/readers-elsewhere.ts';
import { RecoverNode } from '../../src/application/fleet/recover-node.ts';
import { TakeOver } from '../../src/application/fleet/take-over.ts';
import { WatchNodes } from '../../src/application/fleet/watch-nodes.ts';
import { WatchOwnStreams } from '../../src/application/fleet/watch-own-streams.ts';
import type { FleetBus, FleetListener } from '../../src/application/ports/fleet/fleet-bus.ts';
import type { Leases } from '../../src/application/ports/fleet/leases.ts';
import type { ReaderMark } from '../../src/application/ports/fleet/reader-marks.ts';
import type { LiveTail, TailListener } from '../../src/application/ports/streaming/live-tail.ts';
import { RecoverStreams } from '../../src/application/streaming/recover-streams.ts';
import type { StreamSettings } from '../../src/application/streaming/stream-settings.ts';
import type { StreamId } from '../../src/domain/streaming/stream-id.ts';
import { FakeCreditHolds } from './fake-credit-holds.ts';
import { ManualTimers } from './manual-timers.ts';
import { LEASE_MS, StreamingWorld } from './streaming-world.ts';

/** What carries words between nodes; while it is lost each node hears itself alone. */
class Words {
  isLost = false;
  readonly buses = new Set<NodeBus>();
  readonly tails = new Set<NodeTail>();
}

class NodeBus implements FleetBus {
  readonly #words: Words;
  readonly #listeners = new Set<FleetListener>();

  constructor(words: Words) {
    this.#words = words;
    words.buses.add(this);
  }

  get isConnected(): boolean {
    return !this.#words.isLost;
  }

  askToStop(id: StreamId): void {
    this.#all((listener) => listener.onStopAsked?.(id));
  }

  tellMoved(): void {}
  tellControl(): void {}

  tellRevoked(): void {
    this.#all((listener) => listener.onRevoked?.());
  }

  listen(listener: FleetListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #all(tell: (listener: FleetListener) => void): void {
    const buses = this.#words.isLost ? [this] : [...this.#words.buses];
    for (const bus of buses) for (const listener of bus.#listeners) tell(listener);
  }
}

class NodeTail implements LiveTail {
  readonly #words: Words;
  readonly #listeners = new Map<StreamId, Set<TailListener>>();

  constructor(words: Words) {
    this.#words = words;
    words.tails.add(this);
  }

  publish(id: StreamId, events: Parameters<LiveTail['publish']>[1]): void {
    this.#all(id, (listener) => listener.onEvents(events));
  }

  disconnect(id: StreamId): void {
    this.#all(id, (listener) => listener.onDisconnected());
  }

  subscribe(id: StreamId, listener: TailListener): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Every reader looks at the log, as while nothing carries words. */
  poll(): void {
    for (const listeners of this.#listeners.values()) for (const it of [...listeners]) it.onMissed();
  }

  #all(id: StreamId, tell: (listener: TailListener) => void): void {
    const tails = this.#words.isLost ? [this] : [...this.#words.tails];
    for (const tail of tails) for (const it of [...(tail.#listeners.get(id) ?? [])]) tell(it);
  }
}

/** A node of a fleet. */
export interface FleetNode {
  readonly world: StreamingWorld;
  readonly watch: WatchNodes;
  readonly own: WatchOwnStreams;
  /** What it does at its start. */
  readonly recover: RecoverStreams;
  readonly tail: NodeTail;
  /** Stands still until the returned function is called: nothing of it reaches a store. */
  pause(): () => void;
}

/** Several nodes in one process: one set of stores, one clock, and words between them that can be lost. */
export class FleetWorld {
  readonly timers = new ManualTimers();
  readonly store = new MemoryStreamingStore();
  readonly holds = new FakeCreditHolds(this.timers.clock);
  readonly leases = new MemoryLeases(this.timers);
  readonly nodes: FleetNode[] = [];
  readonly #words = new Words();
  readonly #marks = new MemoryReaderMarks();
  readonly #stop = new AbortController();
  readonly #loops: Array<Promise<void>> = [];
  readonly #resumes: Array<() => void> = [];

  /** A fleet of `count` nodes whose loops run. */
  static async create(count: number, settings: Partial<StreamSettings> = {}): Promise<FleetWorld> {
    const fleet = new FleetWorld();
    for (let number = 0; number < count; number += 1) await fleet.join(settings);
    return fleet;
  }

  /** The node with an index. */
  node(index: number): FleetNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error('there is no such node');
    return node;
  }

  /** Loses the words between nodes, or carries them again. */
  loseWords(isLost = true): void {
    this.#words.isLost = isLost;
  }

  /** Adds a node. */
  async join(settings: Partial<StreamSettings> = {}): Promise<FleetNode> {
    const { timers, store, holds } = this;
    const gate: { closed?: Promise<void> } = {};
    const tail = new NodeTail(this.#words);
    const leases = behindGate(this.leases, gate);
    const shared = { timers, store, holds, tail, bus: new NodeBus(this.#words), leases };
    const world = await StreamingWorld.create(settings, shared);
    const { node, clock, log, streams, readers } = world;
    const recoverNode = new RecoverNode(world);
    const takeOver = new TakeOver({ leases, node, recoverNode, clock, log, lifeMs: LEASE_MS });
    const onNodesGone = (): void => readers.missed();
    const watching = { leases, streams, node, takeOver, timers, log, lifeMs: LEASE_MS, onNodesGone };
    const watch = new WatchNodes(watching);
    const own = new WatchOwnStreams(world);
    const { readerlessDeadlineMs: deadlineMs } = world.settings;
    const marks = {
      mark: async (mark: ReaderMark) => {
        await gate.closed;
        await this.#marks.mark(mark);
      },
      since: (atMs: number) => this.#marks.since(atMs),
    };
    const readersElsewhere = new ReadersElsewhere({ ...world, marks, deadlineMs });
    const { signal } = this.#stop;
    this.#loops.push(...[node, watch, own, readersElsewhere].map((loop) => loop.execute({ signal })));
    const pause = (): (() => void) => {
      const until = Promise.withResolvers<void>();
      gate.closed = until.promise;
      world.faults.paused = until.promise;
      const resume = (): void => {
        delete gate.closed;
        delete world.faults.paused;
        until.resolve();
      };
      this.#resumes.push(resume);
      return resume;
    };
    const recover = new RecoverStreams({ streams, leases, takeOver, log });
    const joined = { world, watch, own, recover, tail, pause };
    this.nodes.push(joined);
    return joined;
  }

  /** Ends the loops. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the test is over'));
    for (const resume of this.#resumes) resume();
    await this.timers.advance(0);
    await Promise.all(this.#loops);
  }
}

function behindGate(leases: Leases, gate: { closed?: Promise<void> }): Leases {
  return {
    hold: async (...given) => {
      await gate.closed;
      return leases.hold(...given);
    },
    release: async (...given) => {
      await gate.closed;
      return leases.release(...given);
    },
    list: async (prefix) => {
      await gate.closed;
      return leases.list(prefix);
    },
  };
}
