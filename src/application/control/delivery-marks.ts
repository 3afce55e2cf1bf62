import type { AgentEventId } from '../../domain/control/agent-event-state.ts';
import type { AgentEventStore } from '../ports/control/agent-event-store.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Timers } from '../ports/timers.ts';

/** Most verdicts that are marked in one write. */
export const MARKED_AT_ONCE = 500;
/** Most marks that wait for the store; a verdict whose mark is dropped goes out once more. */
export const MAX_WAITING_MARKS = 50_000;
/**
 * How long marks gather before they are written, in milliseconds: each write is a transaction, and nobody waits for it. What
 * a crash takes of them goes out once more.
 */
export const GATHER_MS = 20;
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

/** Stores which verdicts have come, many in one write. */
export class DeliveryMarks {
  readonly #deps: Deps;
  #waiting: Mark[] = [];
  #writing: Promise<void> | undefined;
  /** Ends the time in which marks gather. */
  #gathering = new AbortController();
  /** How many wait for all of it to be written: nothing gathers meanwhile. */
  #flushing = 0;

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
    this.#flushing += 1;
    this.#gathering.abort();
    await this.#writing;
    this.#flushing -= 1;
  }

  async #write(): Promise<void> {
    const { store, timers, log } = this.#deps;
    while (this.#waiting.length > 0) {
      await this.#gather();
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

  async #gather(): Promise<void> {
    if (this.#flushing > 0 || this.#waiting.length >= MARKED_AT_ONCE) return;
    this.#gathering = new AbortController();
    await this.#deps.timers.sleep(GATHER_MS, this.#gathering.signal).catch(() => undefined);
  }
}
