import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { NodeLease } from '../fleet/node-lease.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { Log } from '../ports/log.ts';
import type { SubscriberDirectory } from '../ports/multiplexing/subscriber-directory.ts';
import type { Timers } from '../ports/timers.ts';

/** How often a node that may miss words looks whether what it has open is still its own, in milliseconds. */
export const LOOK_AT_OPEN_MS = 2_000;
/** Most subscriptions that are looked at in one look; the others have their turn in the next. */
export const LOOKS_AT_ONCE = 500;
/**
 * Within so long everything that is open is looked at once although no word is known to be missed, in milliseconds: one may
 * be lost all the same, as when who says it is cut off and who should hear it is not. With more than 15,000 sessions it
 * takes longer.
 */
export const LOOK_AT_ALL_OPEN_MS = 60_000;

/** What the connections of this process have open. */
export interface OpenSubscriptions {
  held(): ReadonlyMap<SubscriberId, { readonly epoch: number }>;
  /** It is in another epoch now: whatever has it open in an older one lets go of it. */
  lose(id: SubscriberId, epoch: number): void;
  /** It has been ended: whatever has it open lets go of it. */
  end(id: SubscriberId): void;
  /** Others have taken this node for dead, and what it has open for left: every client is to come back for his. */
  letGo(): void;
}

interface Deps {
  readonly bus: FleetBus;
  readonly node: Pick<NodeLease, 'onFenced'>;
  readonly open: OpenSubscriptions;
  readonly directory: SubscriberDirectory;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * Lets go of what another node has taken over: at once where nodes hear of each other, else by looking. A node that was
 * taken for dead lets go of everything, since the directory has it as left, and its lease runs.
 */
export class WatchOwnSubscriptions {
  readonly #deps: Deps;
  /** Where the present pass over everything that is open has come to, and how much of what it began with is left. */
  #pass: Iterator<SubscriberId> | undefined;
  #left = 0;
  /** Those of a look that failed, which the next one begins with: never more than one look has. */
  #again: readonly SubscriberId[] = [];
  #isLooking = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Listens until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { bus, node, open, timers } = this.#deps;
    node.onFenced(() => open.letGo());
    const silence = bus.listen({
      onMoved: (id, epoch) => open.lose(id, epoch),
      onMissed: () => void this.look(),
    });
    while (!signal.aborted) {
      await timers.sleep(LOOK_AT_OPEN_MS, signal).catch(() => undefined);
      if (!signal.aborted) await this.#look(bus.isConnected ? this.#share : LOOKS_AT_ONCE);
    }
    silence();
  }

  /** Looks at some of what is open. Never rejects. */
  look(): Promise<void> {
    return this.#look(LOOKS_AT_ONCE);
  }

  /** How many one look is for, so that all of them have had one in time. */
  get #share(): number {
    const share = Math.ceil((this.#deps.open.held().size * LOOK_AT_OPEN_MS) / LOOK_AT_ALL_OPEN_MS);
    return Math.min(share, LOOKS_AT_ONCE);
  }

  /** The next ones in turn of what is open. What opens during a pass is of the next one, so that nobody waits for it. */
  #nextOf(most: number): SubscriberId[] {
    const held = this.#deps.open.held();
    if (this.#left === 0 || this.#pass === undefined) {
      this.#pass = held.keys();
      this.#left = held.size;
    }
    const again = this.#again.filter((id) => held.has(id));
    const next = new Set(again.slice(0, most));
    this.#again = again.slice(most);
    while (next.size < most && this.#left > 0) {
      const step = this.#pass.next();
      this.#left = step.done === true ? 0 : this.#left - 1;
      if (step.done !== true) next.add(step.value);
    }
    return [...next];
  }

  /** Looks at so many, the next ones next time. */
  async #look(most: number): Promise<void> {
    const { open, directory, log } = this.#deps;
    if (this.#isLooking || open.held().size === 0) return;
    this.#isLooking = true;
    try {
      const looked = this.#nextOf(most);
      const states = await directory.findAll(looked).catch((error: unknown) => {
        this.#again = [...looked, ...this.#again];
        throw error;
      });
      const found = new Map(states.map((state) => [state.id, state]));
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
