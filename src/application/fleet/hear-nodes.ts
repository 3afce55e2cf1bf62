import type { NodeId } from '../../domain/streaming/node-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { FleetPulse } from '../ports/fleet/fleet-pulse.ts';
import type { Leases } from '../ports/fleet/leases.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Timers } from '../ports/timers.ts';
import { NODE_LEASE_PREFIX, nodeOfLease } from './node-lease.ts';
import { presentId, type ThisNode } from './this-node.ts';

/** How often a node says that it is there, in milliseconds. */
export const BEAT_MS = 1_000;
/** Beats that may be lost on the way, beyond the time for which a node that has died still has its lease. */
const LOST_BEATS = 2;
/** A rest between two beats that took so much longer than it should, in milliseconds, was no rest: the process stood still. */
const STOOD_STILL_MS = LOST_BEATS * BEAT_MS;

interface Deps {
  readonly pulse: FleetPulse;
  readonly leases: Leases;
  readonly node: ThisNode;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How long a node counts as living unheard, in milliseconds. */
  readonly lifeMs: number;
}

/**
 * Sees that every node which has a lease is heard, this one by itself too. A connection alone says little: what carries
 * words may refuse to take any, or be another one than that of the other nodes. While somebody is not heard, words count
 * as not carried.
 */
export class HearNodes {
  readonly #deps: Deps;
  /** When nodes were heard last, or seen first; of those that have a lease. */
  #heardMs: ReadonlyMap<NodeId, number> = new Map();
  #fresh = new Map<NodeId, number>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Says and hears until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { pulse, clock, timers } = this.#deps;
    const silence = pulse.listen((id) => this.#fresh.set(id, clock.nowMs()));
    while (!signal.aborted) {
      this.#beat();
      const fromMs = clock.nowMs();
      await timers.sleep(BEAT_MS, signal).catch(() => undefined);
      if (clock.nowMs() - fromMs > BEAT_MS + STOOD_STILL_MS) this.#beginAnew();
      if (!signal.aborted) await this.look();
    }
    silence();
  }

  /** Everybody has his time from now on: who hears nobody because of himself misses nobody. */
  #beginAnew(): void {
    this.#fresh.clear();
    this.#heardMs = new Map();
  }

  /** Looks once who is not heard. Never rejects. */
  async look(): Promise<void> {
    const { pulse, clock, metrics, lifeMs, log } = this.#deps;
    const fresh = new Map(this.#fresh);
    this.#fresh.clear();
    if (!pulse.isOpen) {
      // Everybody knows that nothing is carried, until it is again.
      this.#beginAnew();
      return;
    }
    try {
      const live = await this.#living();
      const nowMs = clock.nowMs();
      const before = this.#heardMs;
      this.#heardMs = new Map(live.map((id) => [id, fresh.get(id) ?? before.get(id) ?? nowMs]));
      const patienceMs = lifeMs + LOST_BEATS * BEAT_MS;
      const unheard = live.filter((id) => nowMs - (this.#heardMs.get(id) ?? nowMs) > patienceMs);
      metrics.gauge('holdfast_fleet_nodes_unheard', unheard.length);
      pulse.doubt(this.#reason(unheard));
    } catch (error) {
      // Those who were heard meanwhile are known to the next look.
      this.#fresh = new Map([...fresh, ...this.#fresh]);
      log.debug({ err: error }, 'it could not be looked up who should be heard');
    }
  }

  #beat(): void {
    const own = presentId(this.#deps.node);
    if (own !== undefined) this.#deps.pulse.beat(own);
  }

  async #living(): Promise<readonly NodeId[]> {
    const held = await this.#deps.leases.list(NODE_LEASE_PREFIX);
    return held.filter(({ lapsed }) => !lapsed).map(({ name }) => nodeOfLease(name));
  }

  #reason(unheard: readonly NodeId[]): string | undefined {
    if (unheard.length === 0) return undefined;
    const own = presentId(this.#deps.node);
    if (own !== undefined && unheard.includes(own)) return 'what this node says does not come back to it';
    return `not heard, although they have leases: ${unheard.join(', ')}; do they have another Redis, or none?`;
  }
}
