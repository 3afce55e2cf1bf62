import type { UserId } from '../../domain/identity/ids.ts';
import type { Timers } from '../ports/timers.ts';

/** How long an id is looked for that is not found, in milliseconds. */
export const SECOND_LOOK_MS = 250;
/** Rest between two looks, in milliseconds. */
const LOOK_EVERY_MS = 50;
/** Most callers of one node that wait at once; beyond that nobody is waited for. */
export const MAX_WAITING_LOOKS = 1_000;

/**
 * Looks again, for a bounded moment, for what a replicated store may not show everywhere yet. Whoever is refused in the end has
 * waited as long as everybody else, so that the time tells nothing; each caller waits once at a time.
 */
export class SecondLooks {
  readonly #timers: Timers;
  readonly #atMost: number;
  readonly #waiting = new Set<UserId>();

  /** @param given `atMost`: callers that may wait at once; 0 where the store is one copy and nothing is looked up again. */
  constructor(given: { readonly timers: Timers; readonly atMost: number }) {
    this.#timers = given.timers;
    this.#atMost = given.atMost;
  }

  /** What a look finds within the moment; undefined when none does, or at once when the caller may not wait. */
  async during<Found>(caller: UserId, look: () => Promise<Found | undefined>): Promise<Found | undefined> {
    if (this.#waiting.has(caller) || this.#waiting.size >= this.#atMost) return undefined;
    this.#waiting.add(caller);
    try {
      for (let waitedMs = 0; waitedMs < SECOND_LOOK_MS; waitedMs += LOOK_EVERY_MS) {
        await this.#timers.sleep(LOOK_EVERY_MS);
        const found = await look();
        if (found !== undefined) return found;
      }
      return undefined;
    } finally {
      this.#waiting.delete(caller);
    }
  }
}
