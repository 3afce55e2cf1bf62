import { ByteQueue } from './byte-queue.ts';
import { ownTogether, type Waiting } from './own-together.ts';
import { WaitSample, type WaitTimes } from './wait-times.ts';

/** A queue of payloads of which it is counted how long they wait, one after the other. */
export class TimedQueue<Item extends Waiting> {
  readonly #items = new ByteQueue<Item>();
  readonly #wait: WaitSample<Item>;
  /** The first that looks into the message it came in; behind it are only such and others that came in the same turn. */
  #borrowed: Item | undefined;

  constructor(waits: WaitTimes) {
    this.#wait = new WaitSample(waits);
  }

  get length(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#items.bytes;
  }

  /** Whether something that waits looks into the message that it came in. */
  get isBorrowing(): boolean {
    return this.#borrowed !== undefined;
  }

  push(item: Item, nowMs: number): void {
    this.#items.push(item);
    this.#wait.begin(item, nowMs);
    if (item.isBorrowed) this.#borrowed ??= item;
  }

  shift(nowMs: number): Item | undefined {
    const item = this.#items.shift();
    if (item === undefined) return undefined;
    this.#wait.end(item, nowMs);
    if (item === this.#borrowed) this.#borrowed = this.#items.first;
    return item;
  }

  /** The turn is over: what still waits has bytes of its own from now on. */
  own(): void {
    if (this.#borrowed !== undefined) ownTogether(this.#borrowed);
    this.#borrowed = undefined;
  }

  clear(): void {
    this.#items.clear();
    this.#wait.clear();
    this.#borrowed = undefined;
  }
}
