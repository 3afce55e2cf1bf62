import type { AgentEventState } from '../../domain/control/agent-event-state.ts';
import type { AgentEventStore, RecordOutcome } from '../ports/control/agent-event-store.ts';
import { PortError } from '../ports/port-error.ts';

/** Most events that are recorded in one go. */
export const RECORDED_AT_ONCE = 500;
/** Most bytes of events that are recorded in one go, unless a single one has more: 4 MiB. */
export const RECORDED_BYTES_AT_ONCE = 4_194_304;

interface Waiting {
  readonly state: AgentEventState;
  readonly resolve: (outcome: RecordOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Records events one by one for those who ask, and together for the store: what comes during one write is the next. */
export class RecordInBatches {
  readonly #store: Pick<AgentEventStore, 'record'>;
  readonly #maxPendingReviews: number;
  /** By the marks of their states, in the order in which they came. */
  #waiting = new Map<string, Waiting>();
  #isWriting = false;

  constructor(store: Pick<AgentEventStore, 'record'>, maxPendingReviews: number) {
    this.#store = store;
    this.#maxPendingReviews = maxPendingReviews;
  }

  /** @throws PortError of the store, which is that of everything that was recorded in the same go. */
  record(state: AgentEventState): Promise<RecordOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(state.mark, { state, resolve, reject });
      if (!this.#isWriting) void this.#write();
    });
  }

  /**
   * Takes a state back that waits for its write, by its mark: it is not written, and its record is rejected. One that is
   * being written already is left to the store.
   */
  withdraw(mark: string): void {
    const waiting = this.#waiting.get(mark);
    if (waiting === undefined) return;
    this.#waiting.delete(mark);
    waiting.reject(new PortError('unavailable', 'store', 'it was taken back'));
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    // Whatever else this turn of the event loop brings is written with it.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const batch = this.#next();
      const states = batch.map(({ state }) => state);
      try {
        const outcomes = await this.#store.record(states, { maxPendingReviews: this.#maxPendingReviews });
        batch.forEach(({ resolve, reject }, index) => {
          const outcome = outcomes[index];
          if (outcome === undefined) reject(new Error('the store has not answered for every event'));
          else resolve(outcome);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isWriting = false;
  }

  #next(): readonly Waiting[] {
    const waiting = this.#waiting;
    if (waiting.size <= RECORDED_AT_ONCE && bytesOf(waiting) <= RECORDED_BYTES_AT_ONCE) {
      // A map that lives on leaves tables behind that keep what they had until all of the memory is collected.
      this.#waiting = new Map();
      return [...waiting.values()];
    }
    const next: Waiting[] = [];
    let bytes = 0;
    for (const [mark, waiting] of this.#waiting) {
      bytes += waiting.state.bytes.byteLength;
      if (next.length > 0 && (next.length === RECORDED_AT_ONCE || bytes > RECORDED_BYTES_AT_ONCE)) break;
      next.push(waiting);
      this.#waiting.delete(mark);
    }
    return next;
  }
}

function bytesOf(waiting: ReadonlyMap<string, Waiting>): number {
  let bytes = 0;
  for (const { state } of waiting.values()) bytes += state.bytes.byteLength;
  return bytes;
}
