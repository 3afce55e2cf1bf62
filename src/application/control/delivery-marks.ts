import type { AgentEventId } from '../../domain/control/agent-event-state.ts';
import type { AgentEventStore } from '../ports/control/agent-event-store.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Timers } from '../ports/timers.ts';

/** Most verdicts that are marked in one write. */
export const MARKED_AT_ONCE = 500;
/** Most marks that wait for the store; a verdict whose mark is dropped goes out once more. */
export const MAX_WAITING_MARKS = 50_000;
/** Rest before marks that could not be written are tried again, in milliseconds. */
const TRY_AGAIN_MS = 500;

interface Mark {
  readonly id: AgentEventId;
  readonly mark: string;
  /** Told when the store knows, or never will. */
  readonly done: () => void;
}

interface Deps {
  readonly store: Pick<AgentEventStore, 'delivered'>;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Stores which verdicts have come, many in one write: what is told during one write is the next. */
export class DeliveryMarks {
  readonly #deps: Deps;
  #waiting: Mark[] = [];
  #writing: Promise<void> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  add(mark: Mark): void {
    if (this.#waiting.length >= MAX_WAITING_MARKS) {
      this.#deps.metrics.count('holdfast_control_drops_total', { what: 'mark' });
      mark.done();
      return;
    }
    this.#waiting.push(mark);
    this.#writing ??= this.#write();
  }

  /** Resolves once nothing waits, or the store has failed once. Never rejects. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    await Promise.resolve();
    const { store, timers, log } = this.#deps;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MARKED_AT_ONCE);
      try {
        await store.delivered(batch.map(({ id, mark }) => ({ id, mark })));
        for (const { done } of batch) done();
      } catch (error) {
        log.warn({ err: error }, 'verdicts that came could not be marked; it is tried again');
        this.#waiting.unshift(...batch);
        this.#writing = timers.sleep(TRY_AGAIN_MS).then(() => this.#write());
        return;
      }
    }
    this.#writing = undefined;
  }
}
