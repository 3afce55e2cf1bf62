import { mintNodeId, type NodeId } from '../../domain/streaming/node-id.ts';
import type { Lease, Leases } from '../ports/fleet/leases.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { PortError } from '../ports/port-error.ts';
import type { Timers } from '../ports/timers.ts';
import { inTime } from './in-time.ts';
import type { ThisNode } from './this-node.ts';

/** What the names of the nodes' leases begin with. */
export const NODE_LEASE_PREFIX = 'node/';
/** A lease is renewed when this part of its life has passed; what watches leases looks as often. */
export const RENEWALS_PER_LIFE = 3;
/** A renewal that failed is tried again after this part of the life. */
const RETRIES_PER_LIFE = 10;
/** How long a store may take to make this process a member, in milliseconds. */
const JOIN_WITHIN_MS = 10_000;

/** What a node says that has learned that it is taken for dead. */
export const FENCED =
  'fenced: others took this node for dead and have ended its streams; it writes to them no more and goes on as a new node';

/** What it says when it is one again. */
export const REJOINED = 'this process is a member of the fleet again, as a new node';

/** The name that a node's lease has. */
export const nodeLeaseName = (id: NodeId): string => `${NODE_LEASE_PREFIX}${id}`;

/** The node whose lease has a name. */
export const nodeOfLease = (name: string): NodeId => name.slice(NODE_LEASE_PREFIX.length) as NodeId;

interface Deps {
  readonly leases: Leases;
  readonly ids: IdSource;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The host's name, which a node's id begins with. */
  readonly host: string;
  readonly lifeMs: number;
}

/** An id with the fencing token that its lease was given. */
interface Incarnation {
  readonly id: NodeId;
  readonly token: number;
}

/**
 * Keeps this process a member of the fleet: it holds a lease under its id and renews it. When the lease has been taken,
 * because nobody heard of this node for longer than its life, all that it drives belongs to others: it says so, lets go,
 * and goes on as a new node. The lease only tells; what keeps late writes from changing anything are the conditions in
 * the writes themselves.
 */
export class NodeLease implements ThisNode {
  readonly #deps: Deps;
  readonly #onFenced = new Set<(id: NodeId) => void>();
  #held: Incarnation | undefined;
  #failures = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get id(): NodeId {
    if (this.#held !== undefined) return this.#held.id;
    throw new PortError('unavailable', 'node', 'this node is no member of the fleet at the moment');
  }

  /** Tells when this node has learned that others took it for dead, before it has a new id. */
  onFenced(listener: (id: NodeId) => void): void {
    this.#onFenced.add(listener);
  }

  /** Becomes a member. To be called before anything is driven. @throws PortError when the leases cannot be had. */
  async join(): Promise<void> {
    if (this.#held !== undefined) return;
    const { ids, host } = this.#deps;
    const id = mintNodeId(host, ids.uuid());
    const lease = await this.#hold(id, JOIN_WITHIN_MS);
    if (lease === 'taken') throw new PortError('conflict', 'node', 'an id that was never given is taken');
    this.#held = { id, token: lease.token };
  }

  /** Renews the lease until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { timers, lifeMs } = this.#deps;
    for (;;) {
      const restMs = lifeMs / (this.#failures === 0 ? RENEWALS_PER_LIFE : RETRIES_PER_LIFE);
      await timers.sleep(restMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.renew();
    }
  }

  /** Renews the lease once, or joins anew when it was taken. Never rejects: the next renewal tries again. */
  async renew(): Promise<void> {
    const { log } = this.#deps;
    try {
      if (this.#held !== undefined && !(await this.#isStillOurs(this.#held))) this.#fence(this.#held);
      if (this.#held === undefined) {
        await this.join();
        log.info({ node: this.id }, REJOINED);
      }
      if (this.#failures > 0) log.info({}, "this node's lease is renewed again");
      this.#failures = 0;
    } catch (error) {
      if (this.#failures === 0)
        log.warn({ err: error }, "this node's lease cannot be renewed; it is tried again");
      this.#failures += 1;
    }
  }

  /** Gives the lease back, so that nobody waits for it to lapse. To be called when nothing is driven here any more. */
  async leave(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) await this.#deps.leases.release(nodeLeaseName(held.id), held.id);
  }

  /** A name that was taken and freed again meanwhile is given with another token. */
  async #isStillOurs({ id, token }: Incarnation): Promise<boolean> {
    const { leases, lifeMs, log } = this.#deps;
    const lease = await this.#hold(id, lifeMs / RENEWALS_PER_LIFE);
    if (lease === 'taken') return false;
    if (lease.token === token) return true;
    const onFailure = (error: unknown): void =>
      log.warn({ node: id, err: error }, 'the name of an earlier incarnation could not be freed');
    leases.release(nodeLeaseName(id), id).catch(onFailure);
    return false;
  }

  /** One request that is lost must not cost the lease: the next one does not wait for it. */
  #hold(id: NodeId, withinMs: number): Promise<Lease | 'taken'> {
    const { leases, timers, lifeMs } = this.#deps;
    return inTime(leases.hold(nodeLeaseName(id), id, lifeMs), timers, withinMs);
  }

  #fence({ id }: Incarnation): void {
    this.#held = undefined;
    const { log, metrics } = this.#deps;
    log.error({ node: id }, FENCED);
    metrics.count('holdfast_node_fenced_total');
    for (const listener of this.#onFenced) listener(id);
  }
}
