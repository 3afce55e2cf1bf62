import { NODE_LEASE_PREFIX } from '../fleet/node-lease.ts';
import type { Recovered } from '../fleet/recover-node.ts';
import type { TakeOver } from '../fleet/take-over.ts';
import type { Leases } from '../ports/fleet/leases.ts';
import type { Log } from '../ports/log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';

interface Deps {
  readonly streams: StreamRepository;
  readonly leases: Leases;
  readonly takeOver: TakeOver;
  readonly log: Log;
}

/**
 * Ends, at start and before anybody is served, what nodes without a lease have left open. A server that is alone knows
 * of no lease but its own, so that is everything of its earlier runs; in a fleet the streams of all other nodes go on.
 */
export class RecoverStreams {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** To be called once this node has its lease. Idempotent. @throws PortError when the store is away. */
  async execute(): Promise<Recovered> {
    const { streams, leases, takeOver, log } = this.#deps;
    const ends = { abandoned: 0, interrupted: 0, stopped: 0 };
    // Read first: whoever drives had its lease before.
    const drivers = await streams.drivers();
    const held = new Set((await leases.list(NODE_LEASE_PREFIX)).map(({ name }) => name));
    for (const node of drivers.filter((driver) => !held.has(NODE_LEASE_PREFIX + driver))) {
      const recovered = await takeOver.execute(node);
      if (recovered === 'taken') continue;
      ends.abandoned += recovered.abandoned;
      ends.interrupted += recovered.interrupted;
      ends.stopped += recovered.stopped;
    }
    if (ends.abandoned + ends.interrupted + ends.stopped > 0)
      log.info(ends, 'recovered the streams of an earlier run');
    return ends;
  }
}
