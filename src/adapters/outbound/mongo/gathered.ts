import { PortError } from '../../../application/ports/port-error.ts';

/** Longest wait for the writes before, in milliseconds; for whoever has waited longer nothing was done. */
const MAX_WAIT_MS = 10_000;
/** Most that wait. */
const MAX_WAITING = 10_000;

interface Waiting<Item, Out> {
  readonly item: Item;
  readonly untilMs: number;
  readonly answer: PromiseWithResolvers<Out>;
}

/** How much is written together. */
export interface Sharing {
  /** Most items of one write. */
  readonly mostAtOnce: number;
  /** Writes that may be under way at once: while they are, what comes gathers for the next one. */
  readonly inFlight: number;
}

/**
 * Does in one write what comes in one turn of the event loop, or has gathered while writes before were under way, so that
 * many pay for it together. Everybody gets his own outcome; a failure is that of all who shared the write.
 */
export class Gathered<Item, Out> {
  readonly #write: (items: readonly Item[]) => Promise<readonly Out[]>;
  readonly #sharing: Sharing;
  readonly #waiting: Array<Waiting<Item, Out>> = [];
  #inFlight = 0;
  #isScheduled = false;

  /** @param write gives an outcome for each item, in their order. */
  constructor(write: (items: readonly Item[]) => Promise<readonly Out[]>, sharing: Sharing) {
    this.#write = write;
    this.#sharing = sharing;
  }

  /** @throws PortError `unavailable` when it would have to wait for too long; whatever the write throws. */
  do(item: Item): Promise<Out> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(tooLong());
    const answer = Promise.withResolvers<Out>();
    this.#waiting.push({ item, untilMs: performance.now() + MAX_WAIT_MS, answer });
    this.#schedule();
    return answer.promise;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#inFlight >= this.#sharing.inFlight || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    // What this turn of the event loop brings shares the write as well.
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#work();
      this.#schedule();
    });
  }

  async #work(): Promise<void> {
    this.#inFlight += 1;
    const nowMs = performance.now();
    const taken = this.#waiting.splice(0, this.#sharing.mostAtOnce);
    const batch = taken.filter(({ untilMs, answer }) => {
      if (untilMs <= nowMs) answer.reject(tooLong());
      return untilMs > nowMs;
    });
    if (batch.length > 0) await this.#share(batch);
    this.#inFlight -= 1;
    this.#schedule();
  }

  async #share(batch: ReadonlyArray<Waiting<Item, Out>>): Promise<void> {
    try {
      const outcomes = await this.#write(batch.map(({ item }) => item));
      for (const [place, { answer }] of batch.entries()) answer.resolve(outcomes[place] as Out);
    } catch (error) {
      for (const { answer } of batch) answer.reject(error);
    }
  }
}

const tooLong = (): PortError => new PortError('unavailable', 'store', 'too many writes wait for their turn');
