import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { Log } from '../ports/log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { Timers } from '../ports/timers.ts';
import type { RunningStreams } from '../streaming/engine/running-streams.ts';
import type { NodeLease } from './node-lease.ts';

/** How often it is looked up what still runs here while nobody could tell, in milliseconds. */
export const LOOK_AT_OWN_MS = 2_000;

interface Deps {
  readonly bus: FleetBus;
  readonly node: Pick<NodeLease, 'id' | 'onFenced'>;
  readonly running: RunningStreams;
  readonly streams: StreamRepository;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * Lets the streams that run here hear what other nodes want of them, or have done to them: one that is asked to stop
 * closes its upstream and seals itself; one that another node has sealed finds that out and ends as lost. Where words may
 * have been lost the store is asked; a writer that hears of nothing meets the end at its next append.
 */
export class WatchOwnStreams {
  readonly #deps: Deps;
  #looking = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Listens until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { bus, node, running, timers } = this.#deps;
    node.onFenced(() => running.lose());
    const silence = bus.listen({
      onStopAsked: (id) => running.stop(id),
      onRevoked: () => undefined,
      onMoved: () => undefined,
      onMissed: () => void this.look(),
    });
    while (!signal.aborted) {
      await timers.sleep(LOOK_AT_OWN_MS, signal).catch(() => undefined);
      if (!signal.aborted && !bus.isConnected) await this.look();
    }
    silence();
  }

  /** Lets go of the streams that the store does not know as running here. Never rejects. */
  async look(): Promise<void> {
    const { node, running, streams, log } = this.#deps;
    // What starts while the store is asked is not looked at: it may be missing in the answer.
    const ids = running.ids();
    if (this.#looking || ids.length === 0) return;
    this.#looking = true;
    try {
      const stored = new Set((await streams.drivenBy(node.id)).map(({ id }) => id));
      running.lose(ids.filter((id) => !stored.has(id)));
    } catch (error) {
      log.debug({ err: error }, 'it could not be looked up what still runs here');
    } finally {
      this.#looking = false;
    }
  }
}
