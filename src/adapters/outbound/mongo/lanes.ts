import { PortError } from '../../../application/ports/port-error.ts';

/** Longest wait for those before, in milliseconds; whoever has waited longer has written nothing. */
const MAX_WAIT_MS = 10_000;
/** Most writes of one process that wait in all lanes. */
const MAX_WAITING = 10_000;

/**
 * Lets writes of one process that would meet at one document wait for each other, rather than give way and try again.
 * Between processes the document itself decides.
 */
export class Lanes {
  readonly #last = new Map<string, Promise<unknown>>();
  #waiting = 0;

  /** @throws PortError `unavailable` when it would have to wait for too long, and then nothing was done. */
  async run<Out>(lane: string, work: () => Promise<Out>): Promise<Out> {
    if (this.#waiting >= MAX_WAITING) throw tooLong();
    const untilMs = performance.now() + MAX_WAIT_MS;
    const own = (this.#last.get(lane) ?? Promise.resolve()).then(() => {
      if (performance.now() > untilMs) throw tooLong();
      return work();
    });
    const over = own.catch(() => undefined);
    this.#last.set(lane, over);
    this.#waiting += 1;
    try {
      return await own;
    } finally {
      this.#waiting -= 1;
      if (this.#last.get(lane) === over) this.#last.delete(lane);
    }
  }
}

const tooLong = (): PortError => new PortError('unavailable', 'store', 'too many writes wait for their turn');
