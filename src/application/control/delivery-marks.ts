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
 * How long marks gather before they are written, in milliseconds. Nobody waits for one, and what is marked together
 * stands together in the store, which writes each page of it once then and not once a mark. What a crash takes goes out
 * once more, as what was on its way does.
 */
export const MARKS_GATHER_MS = 25;
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

/** Stores which verdicts have come, many in one write: what is told before one, or during it, is written together. */
export class DeliveryMarks {
  readonly #deps: Deps;
  #waiting: Mark[] = [];
  /** The write that comes next or is under way. */
  #round: Promise<'stored' | 'failed'> | undefined;
  /** Ends the rest before it. */
  #hurry = new AbortController();
  /** How many were added and how many are stored, since the beginning and in the same order. */
  #added = 0;
  #stored = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  add(mark: Mark): void {
    if (this.#waiting.length >= MAX_WAITING_MARKS) {
      this.#deps.metrics.count('holdfast_control_drops_total', { what: 'mark' });
      mark.done();
      return;
    }
    this.#added += 1;
    this.#waiting.push(mark);
    this.#round ??= this.#write(MARKS_GATHER_MS);
  }

  /** Writes what waits without any rest. Resolves once it is stored, or the store has failed once. Never rejects. */
  async flushed(): Promise<void> {
    const until = this.#added;
    while (this.#stored < until) {
      this.#hurry.abort();
      if ((await this.#round) !== 'stored') return;
    }
  }

  async #write(restMs: number): Promise<'stored' | 'failed'> {
    this.#hurry = new AbortController();
    await this.#deps.timers.sleep(restMs, this.#hurry.signal).catch(() => undefined);
    const batch = this.#waiting.splice(0, MARKED_AT_ONCE);
    const outcome = await this.#store(batch);
    if (outcome === 'failed') this.#waiting.unshift(...batch);
    else {
      this.#stored += batch.length;
      for (const { done } of batch) done();
    }
    this.#round = this.#waiting.length === 0 ? undefined : this.#write(this.#restAfter(outcome));
    return outcome;
  }

  async #store(batch: readonly Mark[]): Promise<'stored' | 'failed'> {
    const { store, log } = this.#deps;
    try {
      await store.delivered(batch.map(({ id, mark }) => ({ id, mark })));
      return 'stored';
    } catch (error) {
      log.warn({ err: error }, 'verdicts that came could not be marked; it is tried again');
      return 'failed';
    }
  }

  #restAfter(outcome: 'stored' | 'failed'): number {
    if (outcome === 'failed') return TRY_AGAIN_MS;
    return this.#waiting.length < MARKED_AT_ONCE ? MARKS_GATHER_MS : 0;
  }
}
