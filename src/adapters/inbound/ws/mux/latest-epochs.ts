import { BoundedMap } from '../../../../domain/bounded-map.ts';
import type { SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';

/** Most sessions of which it is remembered that they have moved; the one that moved longest ago is forgotten. */
const MAX_MOVES = 10_000;

/**
 * The latest epochs that this process has heard of. A session may move while a copy of it is still being opened, which
 * nobody could close then.
 */
export class LatestEpochs {
  readonly #epochs = new BoundedMap<SubscriberId, number>(MAX_MOVES);

  /** A session is in this epoch, or in a later one. */
  heard(id: SubscriberId, epoch: number): void {
    this.#epochs.set(id, Math.max(epoch, this.#epochs.get(id) ?? 0));
  }

  /** Whether a session is known to be in a later epoch than this one. */
  isPast(id: SubscriberId, epoch: number): boolean {
    return (this.#epochs.get(id) ?? 0) > epoch;
  }
}
