import { BoundedMap } from '../../domain/bounded-map.ts';
import type { SubscriberId } from '../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';

/**
 * Most subscriptions that are remembered, of some 300 bytes each; the one that was asked for longest ago is forgotten. It
 * is for those that come and go: whoever stays is read once when he leaves.
 */
export const MAX_KNOWN = 2_000;

/**
 * Subscriptions as this process stored them last, so that whoever holds one need not read it to write it. Never an
 * authority: whatever is decided by one is stored only where it is still the latest, and nothing is refused by it.
 */
export class KnownSubscribers {
  readonly #states: BoundedMap<SubscriberId, SubscriberState>;

  constructor(most = MAX_KNOWN) {
    this.#states = new BoundedMap(most);
  }

  find(id: SubscriberId): SubscriberState | undefined {
    const state = this.#states.get(id);
    if (state !== undefined) this.#states.set(id, state);
    return state;
  }

  /** It was stored. What nobody holds is not remembered: whoever comes back for it may be elsewhere. */
  stored(state: SubscriberState): void {
    if (state.holders.length === 0 || state.end !== undefined) this.#states.delete(state.id);
    else this.#states.set(state.id, state);
  }

  /** It has changed, or may have. */
  drop(id: SubscriberId): void {
    this.#states.delete(id);
  }
}
