import { invariant } from '../invariant.ts';

/** How exact the ends are, as a share of the time: the wheel looks at each watch once in each of so many parts of it. */
const TICKS_PER_TIMEOUT = 64;

/** Something that ends when it is idle. It keeps what the wheel knows of it: there may be very many. */
export interface Watched<Self> {
  /** When it was last in use, in unix milliseconds. Whoever uses it sets this, and nothing else has to be done. */
  usedAtMs: number;
  /** The wheel's alone: the slot that it is in, while it is watched, and its neighbours there. */
  wheelSlot: number | undefined;
  wheelNext: Self | undefined;
  wheelPrevious: Self | undefined;
}

/**
 * Tells what has not been used for a time, of any number of things by one timer. Use costs one assignment: the wheel
 * looks at a watch when its time could be over, and puts it ahead again when it was used meanwhile (Varghese and Lauck,
 * 1987, with the hash of the deadline alone).
 */
export class IdleWheel<Thing extends Watched<Thing>> {
  readonly #timeoutMs: number;
  readonly #tickMs: number;
  /** The first of each slot. */
  readonly #slots: Array<Thing | undefined>;
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
  watch(thing: Thing, nowMs: number): void {
    this.unwatch(thing);
    thing.usedAtMs = nowMs;
    this.#place(thing);
    this.#size += 1;
  }

  /** Watches no longer. Nothing changes when it is not watched any more. */
  unwatch(thing: Thing): void {
    const { wheelSlot, wheelNext, wheelPrevious } = thing;
    if (wheelSlot === undefined) return;
    if (wheelPrevious === undefined) this.#slots[wheelSlot] = wheelNext;
    else wheelPrevious.wheelNext = wheelNext;
    if (wheelNext !== undefined) wheelNext.wheelPrevious = wheelPrevious;
    forget(thing);
    this.#size -= 1;
  }

  /** What is idle now, in no order; it is watched no longer. A clock that goes back ends nothing. */
  advance(nowMs: number): Thing[] {
    const idle: Thing[] = [];
    const until = Math.floor(nowMs / this.#tickMs);
    // After a leap of the clock each slot is looked at once, not once for each tick that was passed.
    const from = Math.max(this.#tick, until - this.#slots.length);
    for (let tick = from; tick < until; tick += 1) {
      this.#tick = tick + 1;
      const slot = tick % this.#slots.length;
      let due = this.#slots[slot];
      this.#slots[slot] = undefined;
      while (due !== undefined) {
        const { wheelNext } = due;
        forget(due);
        this.#look(due, nowMs, idle);
        due = wheelNext;
      }
    }
    return idle;
  }

  #look(thing: Thing, nowMs: number, idle: Thing[]): void {
    if (nowMs - thing.usedAtMs >= this.#timeoutMs) {
      this.#size -= 1;
      idle.push(thing);
    } else {
      this.#place(thing);
    }
  }

  /** Into the slot that is looked at first when its time is over, but not into one that has been passed. */
  #place(thing: Thing): void {
    const due = Math.floor((thing.usedAtMs + this.#timeoutMs) / this.#tickMs);
    const tick = Math.min(Math.max(due, this.#tick), this.#tick + this.#slots.length - 1);
    const slot = tick % this.#slots.length;
    const first = this.#slots[slot];
    thing.wheelSlot = slot;
    thing.wheelNext = first;
    if (first !== undefined) first.wheelPrevious = thing;
    this.#slots[slot] = thing;
  }
}

function forget<Thing extends Watched<Thing>>(thing: Thing): void {
  thing.wheelSlot = undefined;
  thing.wheelNext = undefined;
  thing.wheelPrevious = undefined;
}
