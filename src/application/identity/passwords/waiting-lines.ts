/** Most callers that wait in all lines together. */
const MAX_WAITING = 1_024;

/**
 * Lets so many callers of one key in at once; the others wait in the order in which they came. So one who asks for much
 * at once is served in turn, and takes up no more of what all share than his places.
 */
export class WaitingLines {
  readonly #places: number;
  readonly #maxWaiting: number;
  readonly #lines = new Map<string, { inside: number; readonly waiting: Array<() => void> }>();
  #waiting = 0;

  /** `places`: callers of one key at once. */
  constructor(places: number, maxWaiting: number = MAX_WAITING) {
    this.#places = places;
    this.#maxWaiting = maxWaiting;
  }

  /** Does the work when its turn comes; `full` makes what is thrown where too many wait already. */
  async through<Result>(key: string, work: () => Promise<Result>, full: () => Error): Promise<Result> {
    await this.#enter(key, full);
    try {
      return await work();
    } finally {
      this.#leave(key);
    }
  }

  async #enter(key: string, full: () => Error): Promise<void> {
    const line = this.#lines.get(key) ?? { inside: 0, waiting: [] };
    this.#lines.set(key, line);
    if (line.inside < this.#places) {
      line.inside += 1;
      return;
    }
    if (this.#waiting >= this.#maxWaiting) throw full();
    this.#waiting += 1;
    await new Promise<void>((resolve) => line.waiting.push(resolve));
    this.#waiting -= 1;
  }

  /** The place of who leaves goes to who comes next. */
  #leave(key: string): void {
    const line = this.#lines.get(key);
    const next = line?.waiting.shift();
    if (next !== undefined) next();
    else if (line !== undefined && line.inside > 1) line.inside -= 1;
    else this.#lines.delete(key);
  }
}
