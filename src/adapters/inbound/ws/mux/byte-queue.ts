/** Something that waits, in one queue at a time, and what it counts for, in bytes. */
export interface Queued {
  readonly cost: number;
  /** What waits behind it. The queue's own: whoever makes one leaves it undefined. */
  next: Queued | undefined;
}

/**
 * A queue that knows how many bytes wait in it. Whoever adds sees to its bound. What waits is its own link, so that a queue
 * of one, which most are, needs no list beside it.
 */
export class ByteQueue<Item extends Queued> {
  #first: Item | undefined;
  #last: Item | undefined;
  #length = 0;
  #bytes = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What is shifted next; undefined when nothing waits. */
  get first(): Item | undefined {
    return this.#first;
  }

  push(item: Item): void {
    if (this.#last === undefined) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
    this.#length += 1;
    this.#bytes += item.cost;
  }

  shift(): Item | undefined {
    const item = this.#first;
    if (item === undefined) return undefined;
    this.#first = item.next as Item | undefined;
    if (this.#first === undefined) this.#last = undefined;
    item.next = undefined;
    this.#length -= 1;
    this.#bytes -= item.cost;
    return item;
  }

  clear(): void {
    this.#first = undefined;
    this.#last = undefined;
    this.#length = 0;
    this.#bytes = 0;
  }
}
