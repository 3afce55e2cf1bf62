import { invariant } from '../invariant.ts';

/** How exact the ends are, as a share of the time: the wheel looks at each watch once in each of so many parts of it. */
const TICKS_PER_TIMEOUT = 64;

/** A watch over something that ends when it is idle. */
export interface IdleWatch<Watched> {
  readonly watched: Watched;
  /** When it was last in use, in unix milliseconds. Whoever uses it sets this, and nothing else has to be done. */
  usedAtMs: number;
}

interface Entry<Watched> extends IdleWatch<Watched> {
  slot: number;
}

/**
 * Tells what has not been used for a time, of any number of things by one timer. Use costs one assignment: the wheel
 * looks at a watch when its time could be over, and puts it ahead again when it was used meanwhile (Varghese and Lauck,
 * 1987, with the hash of the deadline alone).
 */
export class IdleWheel<Watched> {
  readonly #timeoutMs: number;
  readonly #tickMs: number;
  readonly #slots: Array<Set<Entry<Watched>> | undefined>;
  #tick: number;
  #size = 0;

  /** @throws InvariantViolation when the time is not a whole number of milliseconds above 0. */
  constructor(timeoutMs: number, nowMs: number) {
    invariant(Number.isSafeInteger(timeoutMs) && timeoutMs > 0, `not a time: ${timeoutMs}`);
    this.#timeoutMs = timeoutMs;
    this.#tickMs = Math.max(1, Math.floor(timeoutMs / TICKS_PER_TIMEOUT));
    // A deadline lies at most the time and two ticks ahead, in a slot that no other deadline then has.
    this.#slots = new Array(Math.ceil(timeoutMs / this.#tickMs) + 2).fill(undefined);
    this.#tick = Math.floor(nowMs / this.#tickMs);
  }

  /** How many things are watched. */
  get size(): number {
    return this.#size;
  }

  /** How often `advance` is to be called, in milliseconds: a thing is told of at most so long after its time. */
  get tickMs(): number {
    return this.#tickMs;
  }

  /** Watches something that is in use now. */
  watch(watched: Watched, nowMs: number): IdleWatch<Watched> {
    const entry: Entry<Watched> = { watched, usedAtMs: nowMs, slot: 0 };
    this.#place(entry);
    this.#size += 1;
    return entry;
  }

  /** Watches no longer. Nothing changes when it is not watched any more. */
  unwatch(watch: IdleWatch<Watched>): void {
    const entry = watch as Entry<Watched>;
    if (this.#slots[entry.slot]?.delete(entry)) this.#size -= 1;
  }

  /** What is idle now, in no order; it is watched no longer. A clock that goes back ends nothing. */
  advance(nowMs: number): Watched[] {
    const idle: Watched[] = [];
    const until = Math.floor(nowMs / this.#tickMs);
    // After a leap of the clock each slot is looked at once, not once for each tick that was passed.
    const from = Math.max(this.#tick, until - this.#slots.length);
    for (let tick = from; tick < until; tick += 1) {
      this.#tick = tick + 1;
      const slot = tick % this.#slots.length;
      const due = this.#slots[slot];
      this.#slots[slot] = undefined;
      for (const entry of due ?? []) this.#look(entry, nowMs, idle);
    }
    return idle;
  }

  #look(entry: Entry<Watched>, nowMs: number, idle: Watched[]): void {
    if (nowMs - entry.usedAtMs >= this.#timeoutMs) {
      this.#size -= 1;
      idle.push(entry.watched);
    } else {
      this.#place(entry);
    }
  }

  /** Into the slot that is looked at first when its time is over, but not into one that has been passed. */
  #place(entry: Entry<Watched>): void {
    const due = Math.floor((entry.usedAtMs + this.#timeoutMs) / this.#tickMs);
    const tick = Math.min(Math.max(due, this.#tick), this.#tick + this.#slots.length - 1);
    entry.slot = tick % this.#slots.length;
    const slot = this.#slots[entry.slot] ?? new Set();
    slot.add(entry);
    this.#slots[entry.slot] = slot;
  }
}
