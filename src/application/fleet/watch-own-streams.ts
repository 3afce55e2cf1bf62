import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { Log } from '../ports/log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { Timers } from '../ports/timers.ts';
import { STOPPED } from '../streaming/engine/build-seal.ts';
import type { RunningStreams } from '../streaming/engine/running-streams.ts';
import type { NodeLease } from './node-lease.ts';

/** How often it is looked up which streams somebody wishes stopped, in milliseconds. */
export const LOOK_FOR_WISHES_MS = 1_000;
/** The same while nobody could be asked by a word. */
export const LOOK_FOR_WISHES_ALONE_MS = 250;
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
 * closes its upstream and seals itself; one that another node has sealed finds that out and ends as lost. Words may be
 * lost, so a wish to stop one is also looked for in the store, and where many may have been lost so is what has ended; a
 * writer that hears of nothing meets the end at its next append.
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
      onMissed: () => void this.look(),
    });
    for (let unseenMs = 0; !signal.aborted; ) {
      const restMs = bus.isConnected ? LOOK_FOR_WISHES_MS : LOOK_FOR_WISHES_ALONE_MS;
      await timers.sleep(restMs, signal).catch(() => undefined);
      if (signal.aborted) break;
      await this.#meetWishes();
      unseenMs += restMs;
      if (unseenMs < LOOK_AT_OWN_MS) continue;
      unseenMs = 0;
      if (!bus.isConnected) await this.look();
    }
    silence();
  }

  /** Stops what runs here and somebody wishes stopped. Never rejects. */
  async #meetWishes(): Promise<void> {
    const { node, running, streams, log } = this.#deps;
    if (running.size === 0) return;
    try {
      // One that does not run here yet, or is being sealed, is left to the next look, or to its end.
      for (const id of await streams.stopsWished(node.id)) running.find(id)?.end(STOPPED);
    } catch (error) {
      log.debug({ err: error }, 'it could not be looked up which streams are to be stopped');
    }
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
