import { PortError } from '../../../../application/ports/port-error.ts';

/** Longest wait for the writes before, in milliseconds; for whoever has waited longer nothing was done. */
const MAX_WAIT_MS = 10_000;
/** Most that wait. */
const MAX_WAITING = 10_000;

interface Waiting<Item, Out> {
  readonly item: Item;
  readonly untilMs: number;
  readonly answer: PromiseWithResolvers<Out>;
}

/**
 * Does in one write what has gathered while the write before was under way, so that many who would meet at one document
 * pay for it together. Everybody gets his own outcome; a failure is that of all who shared the write.
 */
export class Gathered<Item, Out> {
  readonly #write: (items: readonly Item[]) => Promise<readonly Out[]>;
  readonly #mostAtOnce: number;
  #waiting: Array<Waiting<Item, Out>> = [];
  #isWorking = false;

  /** @param write gives an outcome for each item, in their order. */
  constructor(write: (items: readonly Item[]) => Promise<readonly Out[]>, mostAtOnce: number) {
    this.#write = write;
    this.#mostAtOnce = mostAtOnce;
  }

  /** @throws PortError `unavailable` when it would have to wait for too long; whatever the write throws. */
  do(item: Item): Promise<Out> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(tooLong());
    const answer = Promise.withResolvers<Out>();
    this.#waiting.push({ item, untilMs: performance.now() + MAX_WAIT_MS, answer });
    if (!this.#isWorking) {
      this.#isWorking = true;
      // What this turn of the event loop brings shares the first write as well.
      setImmediate(() => void this.#work());
    }
    return answer.promise;
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const nowMs = performance.now();
      const taken = this.#waiting.splice(0, this.#mostAtOnce);
      const batch = taken.filter(({ untilMs, answer }) => {
        if (untilMs <= nowMs) answer.reject(tooLong());
        return untilMs > nowMs;
      });
      if (batch.length > 0) await this.#share(batch);
    }
    this.#isWorking = false;
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
