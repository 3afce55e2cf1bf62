import type { NodeId } from '../../domain/streaming/node-id.ts';
import { NODE_LEASE_PREFIX, nodeLeaseName } from '../fleet/node-lease.ts';
import { presentId, type ThisNode } from '../fleet/this-node.ts';
import type { Clock } from '../ports/clock.ts';
import type { Leases } from '../ports/fleet/leases.ts';

/** How long the leases of nodes are gone by after they were read, in milliseconds. */
export const KNOWN_NODES_MS = 1_000;

interface Deps {
  readonly leases: Leases;
  readonly node: ThisNode;
  readonly clock: Clock;
}

/** Which other nodes live, as their leases say, read no more often than it has to be. */
export class LivingNodes {
  readonly #deps: Deps;
  #living: ReadonlySet<string> = new Set();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Whether a name is this node's present one. */
  isThis(node: string): boolean {
    return presentId(this.#deps.node) === node;
  }

  /** Whether it is another node, which lives. One whose lease has lapsed may live: it counts as gone. @throws PortError. */
  async isElsewhere(node: string): Promise<boolean> {
    if (this.isThis(node)) return false;
    if (this.#deps.clock.nowMs() - this.#readAtMs >= KNOWN_NODES_MS) await this.#read();
    return this.#living.has(nodeLeaseName(node as NodeId));
  }

  async #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #readOnce(): Promise<void> {
    const { leases, clock } = this.#deps;
    const atMs = clock.nowMs();
    const held = await leases.list(NODE_LEASE_PREFIX);
    this.#living = new Set(held.filter(({ lapsed }) => !lapsed).map(({ name }) => name));
    this.#readAtMs = atMs;
  }
}
