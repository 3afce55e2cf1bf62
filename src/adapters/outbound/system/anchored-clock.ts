import type { Clock } from '../../../application/ports/clock.ts';

/** How often the server is asked for one anchor: the quickest of its answers is the exactest. */
const QUESTIONS = 5;
/** An answer that took longer says too little of the time: half of it is the most that the clock may be wrong by. */
const MAX_ROUND_TRIP_MS = 1_000;
/** How fast a clock that is ahead of the server's goes on, so that the server's catches up with it. */
const AHEAD_RATE = 0.5;

/** Where a clock has its time from. */
export interface TimeSources {
  /** Milliseconds of a clock that nobody can set; only their differences count. */
  readonly monotonicMs: () => number;
  /** Asks the server for its time, in Unix milliseconds. */
  readonly ask: () => Promise<number>;
}

/** What one anchoring found. */
export interface Anchoring {
  /** How far the clock was ahead of the server's, in milliseconds; negative when it was behind. */
  readonly aheadMs: number;
  /** The most that the anchor may be wrong by, in milliseconds. */
  readonly boundMs: number;
}

/**
 * A server's clock, carried on by this machine's monotonic one. The server's time lies between a question and its answer,
 * and is taken to be in the middle of the quickest of several. In between, and while there is no server, monotonic time
 * goes on from there; how this machine's own clock is set changes nothing.
 *
 * Time never goes back: a clock that turns out to be ahead goes on at half speed until the server's has caught up.
 */
export class AnchoredClock implements Clock {
  readonly #sources: TimeSources;
  /** What is added to monotonic time to get the server's. */
  #offsetMs: number;
  #atMs: number;
  #readAtMs: number;

  private constructor(sources: TimeSources, { offsetMs }: Answer) {
    this.#sources = sources;
    this.#offsetMs = offsetMs;
    this.#readAtMs = sources.monotonicMs();
    this.#atMs = this.#readAtMs + offsetMs;
  }

  /** @throws whatever the server's answer fails with; Error when every answer takes too long. */
  static async start(sources: TimeSources): Promise<AnchoredClock> {
    return new AnchoredClock(sources, await quickestAnswer(sources));
  }

  nowMs(): number {
    const readAtMs = this.#sources.monotonicMs();
    const elapsedMs = readAtMs - this.#readAtMs;
    this.#readAtMs = readAtMs;
    this.#atMs = Math.max(this.#atMs + elapsedMs * AHEAD_RATE, readAtMs + this.#offsetMs);
    return Math.floor(this.#atMs);
  }

  /** Asks again. When that fails, as `start` does, the clock goes on from its last anchor. */
  async anchor(): Promise<Anchoring> {
    const { offsetMs, boundMs } = await quickestAnswer(this.#sources);
    this.nowMs();
    const aheadMs = this.#atMs - (this.#readAtMs + offsetMs);
    this.#offsetMs = offsetMs;
    return { aheadMs, boundMs };
  }
}

interface Answer {
  readonly offsetMs: number;
  readonly boundMs: number;
}

async function quickestAnswer({ monotonicMs, ask }: TimeSources): Promise<Answer> {
  let quickest: Answer | undefined;
  for (let asked = 0; asked < QUESTIONS; asked += 1) {
    const askedAtMs = monotonicMs();
    const serverMs = await ask();
    const boundMs = (monotonicMs() - askedAtMs) / 2;
    if (boundMs > MAX_ROUND_TRIP_MS / 2) continue;
    if (quickest !== undefined && quickest.boundMs <= boundMs) continue;
    quickest = { offsetMs: serverMs - (askedAtMs + boundMs), boundMs };
  }
  if (quickest !== undefined) return quickest;
  throw new Error(`no answer about the time came within ${MAX_ROUND_TRIP_MS} ms`);
}
