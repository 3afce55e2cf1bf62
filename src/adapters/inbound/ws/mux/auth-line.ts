import { ByteQueue, type Queued } from './byte-queue.ts';
import { HEADER_BYTES, ownBytes } from './frame.ts';
import { CONNECTION_QUEUE_BYTES } from './mux-limits.ts';

interface WaitingAuth extends Queued {
  readonly payload: Buffer;
}

/**
 * The AUTHs of a connection's own handle. They are acted on one after the other, so that the last one shown is the one
 * that counts, and what waits is bounded: to find out whom a credential names may take as long as a store does.
 */
export class AuthLine {
  readonly #act: (payload: Buffer) => Promise<void>;
  readonly #waiting = new ByteQueue<WaitingAuth>();
  #isBusy = false;

  /** `act`: answers one of them. Never rejects. */
  constructor(act: (payload: Buffer) => Promise<void>) {
    this.#act = act;
  }

  /** One has come, of whose message nothing is kept. @returns false when too much waits already. */
  add(payload: Buffer): boolean {
    const own = ownBytes(payload);
    if (!this.#isBusy) {
      this.#isBusy = true;
      void this.#run(own);
      return true;
    }
    const cost = HEADER_BYTES + own.length;
    if (this.#waiting.bytes + cost > CONNECTION_QUEUE_BYTES) return false;
    this.#waiting.push({ payload: own, cost, next: undefined });
    return true;
  }

  /** The connection is gone: nothing more is acted on. */
  clear(): void {
    this.#waiting.clear();
  }

  async #run(first: Buffer): Promise<void> {
    await this.#act(first);
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await this.#act(next.payload);
    }
    this.#isBusy = false;
  }
}
