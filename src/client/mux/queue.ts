/** Places that were left before the rest is moved to the front. */
const MAX_LEFT_PLACES = 64;

/** A queue whose front costs the same to leave with ten that wait as with ten thousand. Whoever adds sees to its bound. */
export class Queue<Item extends object> {
  #items: Array<Item | undefined> = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  /** The one that was added last. */
  get last(): Item | undefined {
    return this.length === 0 ? undefined : this.#items.at(-1);
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): Item | undefined {
    const item = this.#items[this.#first];
    if (item === undefined) return undefined;
    this.#items[this.#first] = undefined;
    this.#first += 1;
    if (this.#first > MAX_LEFT_PLACES && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }
}
