import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { Log } from '../ports/log.ts';
import type { SubscriberDirectory } from '../ports/multiplexing/subscriber-directory.ts';
import type { Timers } from '../ports/timers.ts';

/** How often a node that may miss words looks whether what it has open is still its own, in milliseconds. */
export const LOOK_AT_OPEN_MS = 2_000;
/** Most subscriptions that are looked at in one look; the others have their turn in the next. */
export const LOOKS_AT_ONCE = 500;

/** What the connections of this process have open. */
export interface OpenSubscriptions {
  held(): ReadonlyMap<SubscriberId, { readonly epoch: number }>;
  /** It is in another epoch now: whatever has it open in an older one lets go of it. */
  lose(id: SubscriberId, epoch: number): void;
  /** It has been ended: whatever has it open lets go of it. */
  end(id: SubscriberId): void;
}

interface Deps {
  readonly bus: FleetBus;
  readonly open: OpenSubscriptions;
  readonly directory: SubscriberDirectory;
  readonly timers: Timers;
  readonly log: Log;
}

/** Lets go of what another node has taken over: at once where nodes hear of each other, else by looking. */
export class WatchOwnSubscriptions {
  readonly #deps: Deps;
  #next = 0;
  #isLooking = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Listens until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { bus, open, timers } = this.#deps;
    const silence = bus.listen({
      onMoved: (id, epoch) => open.lose(id, epoch),
      onMissed: () => void this.look(),
    });
    while (!signal.aborted) {
      await timers.sleep(LOOK_AT_OPEN_MS, signal).catch(() => undefined);
      if (!signal.aborted && !bus.isConnected) await this.look();
    }
    silence();
  }

  /** Looks at some of what is open. Never rejects. */
  async look(): Promise<void> {
    const { open, directory, log } = this.#deps;
    if (this.#isLooking) return;
    this.#isLooking = true;
    const all = [...open.held()];
    const from = this.#next < all.length ? this.#next : 0;
    this.#next = from + LOOKS_AT_ONCE;
    try {
      const looked = all.slice(from, from + LOOKS_AT_ONCE).map(([id]) => id);
      const found = new Map((await directory.findAll(looked)).map((state) => [state.id, state]));
      for (const id of looked) {
        const stored = found.get(id);
        // Of what is held only an operator ends something behind its holder's back.
        if (stored === undefined || stored.end !== undefined) open.end(id);
        else open.lose(id, stored.epoch);
      }
    } catch (error) {
      log.debug({ err: error }, 'it could not be looked up which sessions are still open here');
    } finally {
      this.#isLooking = false;
    }
  }
}
