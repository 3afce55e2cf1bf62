/** The shortest time that is told apart, in milliseconds. */
const SHORTEST_MS = 0.01;
/** How much longer each class of times is than the one before. */
const GROWTH = 1.05;
/** Classes: the last one begins at some 8 hours. */
const CLASSES = 440;

/** Times of answers, in as little memory for a million of them as for ten: counted by classes of 5 %. */
export class Latencies {
  readonly #counts = new Uint32Array(CLASSES);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Counts a time, in milliseconds. */
  add(ms: number): void {
    const of = Math.ceil(Math.log(Math.max(ms, SHORTEST_MS) / SHORTEST_MS) / Math.log(GROWTH));
    const at = Math.min(CLASSES - 1, of);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#count += 1;
  }

  /** Counts what others have counted too. */
  merge(others: Iterable<Latencies>): this {
    for (const other of others) {
      other.#counts.forEach((count, at) => {
        this.#counts[at] = (this.#counts[at] ?? 0) + count;
      });
      this.#count += other.#count;
    }
    return this;
  }

  /** The time, in milliseconds, that a share of all is not longer than; null when none was counted. */
  quantile(share: number): number | null {
    if (this.#count === 0) return null;
    let left = Math.ceil(share * this.#count);
    const at = this.#counts.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    return SHORTEST_MS * GROWTH ** at;
  }
}
