import type { NodeId } from '../../domain/streaming/node-id.ts';
import type { Leases } from '../ports/fleet/leases.ts';
import type { Log } from '../ports/log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { Timers } from '../ports/timers.ts';
import { NODE_LEASE_PREFIX, nodeLeaseName, nodeOfLease, RENEWALS_PER_LIFE } from './node-lease.ts';
import type { TakeOver } from './take-over.ts';
import type { ThisNode } from './this-node.ts';

interface Deps {
  readonly leases: Leases;
  readonly streams: StreamRepository;
  readonly node: ThisNode;
  readonly takeOver: TakeOver;
  readonly timers: Timers;
  readonly log: Log;
  readonly lifeMs: number;
  /** Told of nodes that seem to be gone, or have left: what they had told others last may not have arrived. */
  readonly onNodesGone: () => void;
}

/** A node whose lease has lapsed, or that drives streams without one, under the token that was seen. */
type Suspects = ReadonlyMap<NodeId, number>;

/** A token that no lease has: the name is free. */
const FREE = 0;

/**
 * Notices nodes that are gone and takes over what they have left. A node is taken for gone only when two looks, a renewal
 * apart, have found its lease lapsed under the same token: after an outage of the store everybody's lease has lapsed, and
 * everybody has the time between two looks to renew it. With a life of 5 seconds that is within 9.
 */
export class WatchNodes {
  readonly #deps: Deps;
  #suspects: Suspects = new Map();
  /** Names that were there in the look before. */
  #known: ReadonlySet<string> = new Set();
  /** Nodes that were taken over and have something left. */
  readonly #unfinished = new Set<NodeId>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Looks until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { timers, lifeMs } = this.#deps;
    for (;;) {
      await timers.sleep(lifeMs / RENEWALS_PER_LIFE, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.look();
    }
  }

  /** Looks once, and takes over who was a suspect already. Never rejects. */
  async look(): Promise<void> {
    const before = this.#suspects;
    try {
      this.#suspects = await this.#gone();
    } catch (error) {
      // Who could not be seen is nobody's suspect: the count of looks begins anew.
      this.#suspects = new Map();
      this.#deps.log.debug({ err: error }, 'the leases of the nodes could not be read');
      return;
    }
    if ([...this.#suspects.keys()].some((node) => !before.has(node))) this.#deps.onNodesGone();
    const twice = [...this.#suspects].filter(([node, token]) => before.get(node) === token);
    const due = new Set([...this.#unfinished, ...twice.map(([node]) => node)]);
    for (const node of due) await this.#take(node);
  }

  /** Who drives is read before who has a lease: whoever drives had its lease first. */
  async #gone(): Promise<Suspects> {
    const { streams, leases, node } = this.#deps;
    const drivers = await streams.drivers();
    const held = await leases.list(NODE_LEASE_PREFIX);
    const names = new Set(held.map(({ name }) => name));
    if ([...this.#known].some((name) => !names.has(name))) this.#deps.onNodesGone();
    this.#known = names;
    const self = node.id;
    const gone = new Map<NodeId, number>();
    for (const { name, token, lapsed } of held) {
      if (lapsed) gone.set(nodeOfLease(name), token);
    }
    for (const driver of drivers) if (!names.has(nodeLeaseName(driver))) gone.set(driver, FREE);
    gone.delete(self);
    return gone;
  }

  async #take(node: NodeId): Promise<void> {
    const { takeOver, log } = this.#deps;
    try {
      await takeOver.execute(node);
      this.#unfinished.delete(node);
    } catch (error) {
      this.#unfinished.add(node);
      log.warn({ node, err: error }, 'what a node has left could not be ended yet');
    }
  }
}
