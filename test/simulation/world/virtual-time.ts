/** When every run begins, in unix milliseconds. */
export const RUN_STARTS_AT_MS = 1_800_000_000_000;

/** A turn of the event loop costs more than most happenings, so that many share one. */
const HAPPENINGS_A_TURN = 64;

interface Happening {
  readonly atMs: number;
  readonly order: number;
  readonly happen: () => void;
}

const isBefore = (left: Happening, right: Happening): boolean =>
  left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);

/**
 * The one time line of a run. Time stands still while anything happens and then jumps to what comes next; what is set
 * for the same moment happens in the order in which it was set.
 */
export class VirtualTime {
  readonly #heap: Happening[] = [];
  readonly #happeningsATurn: number;
  #nowMs = RUN_STARTS_AT_MS;
  #order = 0;
  #happened = 0;

  /** `happeningsATurn`: how many share a turn of the event loop; one, where somebody works in turns of his own. */
  constructor(happeningsATurn = HAPPENINGS_A_TURN) {
    this.#happeningsATurn = happeningsATurn;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Sets something for later. */
  after(delayMs: number, happen: () => void): void {
    this.#order += 1;
    this.#push({ atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, happen });
  }

  /**
   * Lets time pass. After each happening every promise that it settled has had its turn before `isOver` is asked;
   * when it is, time stops there.
   */
  async pass(forMs: number, isOver: () => boolean): Promise<void> {
    const untilMs = this.#nowMs + forMs;
    // Ticks come after all promises only for who is called by one.
    await Promise.resolve();
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.happen();
      await promisesHadTheirTurn();
      this.#happened += 1;
      if (this.#happened % this.#happeningsATurn === 0) await turnOfTheEventLoop();
      if (isOver()) return;
    }
    this.#nowMs = untilMs;
    await turnOfTheEventLoop();
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(happening);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(happening, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      const rightFirst = right !== undefined && left !== undefined && isBefore(right, left);
      const child = rightFirst ? right : left;
      if (child === undefined || !isBefore(child, last)) break;
      heap[place] = child;
      place = 2 * place + (rightFirst ? 2 : 1);
    }
    heap[place] = last;
  }
}

/** Resolves when no promise waits for its turn any more: a tick comes after all of them, however many follow. */
const promisesHadTheirTurn = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** Lets the process notice rejections that nobody has heard of, and end. */
const turnOfTheEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
