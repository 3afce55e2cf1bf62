/** Something that waits, and what it counts for, in bytes. */
export interface Queued {
  readonly cost: number;
}

/** Places that were left before the rest is moved to the front. */
const MAX_LEFT_PLACES = 64;

/** A queue that knows how many bytes wait in it. Whoever adds sees to its bound. */
export class ByteQueue<Item extends Queued> {
  #items: Array<Item | undefined> = [];
  #first = 0;
  #bytes = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#bytes += item.cost;
  }

  shift(): Item | undefined {
    const item = this.#items[this.#first];
    if (item === undefined) return undefined;
    this.#items[this.#first] = undefined;
    this.#first += 1;
    this.#bytes -= item.cost;
    if (this.#first === this.#items.length) this.clear();
    else if (this.#first > MAX_LEFT_PLACES && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
    this.#bytes = 0;
  }
}
