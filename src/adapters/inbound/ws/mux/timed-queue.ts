import { ByteQueue } from './byte-queue.ts';
import { ownTogether, type Waiting } from './own-together.ts';
import type { WaitTimes } from './wait-times.ts';

/**
 * A queue of payloads of which it is counted how long they wait, one after the other: the time of the next one begins when
 * the last has had its turn. One object with what it is made of, since each session that is in use has two.
 */
export class TimedQueue<Item extends Waiting> extends ByteQueue<Item> {
  readonly #waits: WaitTimes;
  /** The one whose time is taken, and since when, in unix milliseconds. */
  #timed: Item | undefined;
  #sinceMs = 0;
  /** The first that looks into the message it came in; behind it are only such and others that came in the same turn. */
  #borrowed: Item | undefined;

  constructor(waits: WaitTimes) {
    super();
    this.#waits = waits;
  }

  /** Whether something that waits looks into the message that it came in. */
  get isBorrowing(): boolean {
    return this.#borrowed !== undefined;
  }

  /** Adds what begins to wait now. */
  begin(item: Item, nowMs: number): void {
    this.push(item);
    if (this.#timed === undefined) {
      this.#timed = item;
      this.#sinceMs = nowMs;
    }
    if (item.isBorrowed) this.#borrowed ??= item;
  }

  /** Takes the next one, whose turn it is. */
  end(nowMs: number): Item | undefined {
    const item = this.shift();
    if (item === undefined) return undefined;
    if (item === this.#timed) {
      this.#timed = undefined;
      this.#waits.add(nowMs - this.#sinceMs);
    }
    if (item === this.#borrowed) this.#borrowed = this.first;
    return item;
  }

  /** The turn is over: what still waits has bytes of its own from now on. */
  own(): void {
    if (this.#borrowed !== undefined) ownTogether(this.#borrowed);
    this.#borrowed = undefined;
  }

  override clear(): void {
    super.clear();
    this.#timed = undefined;
    this.#borrowed = undefined;
  }
}
