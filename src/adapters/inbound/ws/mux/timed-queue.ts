import { ByteQueue, type Queued } from './byte-queue.ts';
import { WaitSample, type WaitTimes } from './wait-times.ts';

/** A queue of which it is counted how long those in it wait, one after the other. */
export class TimedQueue<Item extends Queued> {
  readonly #items = new ByteQueue<Item>();
  readonly #wait: WaitSample<Item>;

  constructor(waits: WaitTimes) {
    this.#wait = new WaitSample(waits);
  }

  get length(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#items.bytes;
  }

  push(item: Item, nowMs: number): void {
    this.#items.push(item);
    this.#wait.begin(item, nowMs);
  }

  shift(nowMs: number): Item | undefined {
    const item = this.#items.shift();
    if (item !== undefined) this.#wait.end(item, nowMs);
    return item;
  }

  clear(): void {
    this.#items.clear();
    this.#wait.clear();
  }
}
