import { invariant } from '../../domain/invariant.ts';

interface Waiting {
  readonly start: () => void;
}

/**
 * So many pieces of work at once and no more, shared between owners: whoever has little under way comes before whoever
 * has much, and one owner's slow work never leaves another's without a slot.
 *
 * An owner who has `n` under way gets one more only while more than `n` slots are free: alone he has half of all, and a
 * newcomer always finds one as long as any is free.
 */
export class FairSlots {
  readonly #slots: number;
  readonly #running = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Waiting>>();
  #free: number;

  /** @throws InvariantViolation when there is less than one slot. */
  constructor(slots: number) {
    invariant(Number.isSafeInteger(slots) && slots > 0, `not a number of slots: ${slots}`);
    this.#slots = slots;
    this.#free = slots;
  }

  /** How many pieces of work wait, for a gauge. */
  get waiting(): number {
    let count = 0;
    for (const line of this.#waiting.values()) count += line.size;
    return count;
  }

  /** How many are under way, for a gauge. */
  get running(): number {
    return this.#slots - this.#free;
  }

  /**
   * Does a piece of work once it has a slot, which it gives back whatever becomes of it.
   *
   * @throws whatever the work throws; the signal's reason when it is aborted before the work has begun.
   */
  async run<Result>(owner: string, work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    if (!this.#take(owner)) await this.#turn(owner, signal);
    try {
      return await work();
    } finally {
      this.#giveBack(owner);
    }
  }

  #take(owner: string): boolean {
    const running = this.#running.get(owner) ?? 0;
    if (this.#free <= running) return false;
    this.#free -= 1;
    this.#running.set(owner, running + 1);
    return true;
  }

  #turn(owner: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const line = this.#waiting.get(owner) ?? new Set();
      this.#waiting.set(owner, line);
      const leave = (): void => {
        line.delete(waiting);
        if (line.size === 0) this.#waiting.delete(owner);
        signal.removeEventListener('abort', giveUp);
      };
      const giveUp = (): void => {
        leave();
        reject(signal.reason);
      };
      const waiting: Waiting = {
        start: () => {
          leave();
          resolve();
        },
      };
      line.add(waiting);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #giveBack(owner: string): void {
    this.#free += 1;
    const running = (this.#running.get(owner) ?? 0) - 1;
    if (running > 0) this.#running.set(owner, running);
    else this.#running.delete(owner);
    this.#startNext();
  }

  /** Lets those begin who may: each time the one with the least under way, among equals the one whose turn is longest ago. */
  #startNext(): void {
    while (this.#free > 0 && this.#waiting.size > 0) {
      const owner = this.#leastLoaded();
      if (owner === undefined || !this.#take(owner)) return;
      const line = this.#waiting.get(owner) ?? new Set();
      const [next] = line;
      next?.start();
      // Whoever had a turn stands behind the others.
      if (this.#waiting.delete(owner) && line.size > 0) this.#waiting.set(owner, line);
    }
  }

  #leastLoaded(): string | undefined {
    let least: { readonly owner: string; readonly load: number } | undefined;
    for (const owner of this.#waiting.keys()) {
      const load = this.#running.get(owner) ?? 0;
      if (least === undefined || load < least.load) least = { owner, load };
    }
    return least?.owner;
  }
}
