import { chunkEvent, type StreamEvent } from '../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import type { Clock } from '../../ports/clock.ts';
import type { IdSource } from '../../ports/id-source.ts';
import type { Log } from '../../ports/log.ts';
import { PortError } from '../../ports/port-error.ts';
import type { EventLog } from '../../ports/streaming/event-log.ts';
import type { LiveTail } from '../../ports/streaming/live-tail.ts';
import type { Timers } from '../../ports/timers.ts';
import { retryDelayMs } from './retry-until-done.ts';

/** Beyond so much JSON text that waits to be stored, the model is not read on; in UTF-16 code units. */
export const MAX_WAITING_CHARS = 262_144;

/** Why a writer can store no more: the store was away for too long, or somebody else ended the stream. */
export type WriterFault = 'stalled' | 'lost';

/** Events that go to the log together, with their text and how much of what waits they are. */
interface Batch {
  readonly events: readonly StreamEvent[];
  readonly text: string;
  readonly chars: number;
}

/** What a writer works with. */
export interface EventWriterDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdSource;
  readonly log: Log;
  readonly eventLog: EventLog;
  readonly tail: LiveTail;
  readonly settings: { readonly storeStallMs: number };
}

/**
 * Writes one stream's chunks: one append in flight, and what comes meanwhile is the next one. Only what the log
 * has acknowledged is published to readers and counts as part of the transcript.
 */
export class EventWriter {
  readonly #deps: EventWriterDeps;
  readonly #id: StreamId;
  readonly #onFault: () => void;
  #nextOffset: number;
  #pending: StreamEvent[] | undefined;
  #pendingText = '';
  #waitingChars = 0;
  #inFlightSinceMs: number | undefined;
  #fault: WriterFault | undefined;
  #storedText = '';
  #lastOffset: number;
  #waiters: Array<{ ready: () => boolean; resolve: () => void }> = [];

  /** `nextOffset`: the one after the stream's `session` event. `onFault` is called once, when the writer gives up. */
  constructor(deps: EventWriterDeps, id: StreamId, nextOffset: number, onFault: () => void) {
    this.#deps = deps;
    this.#id = id;
    this.#nextOffset = nextOffset;
    this.#lastOffset = nextOffset - 1;
    this.#onFault = onFault;
  }

  /** The text that is stored. */
  get storedText(): string {
    return this.#storedText;
  }

  /** Offset of the last stored event. */
  get lastOffset(): number {
    return this.#lastOffset;
  }

  get fault(): WriterFault | undefined {
    return this.#fault;
  }

  /** True when the model must wait for the store. */
  get isFull(): boolean {
    return this.#waitingChars > MAX_WAITING_CHARS;
  }

  /** Takes a piece of text with the output tokens known so far; nothing once the writer has given up. */
  add(text: string, outputTokens: number): void {
    if (this.#fault !== undefined) return;
    const event = chunkEvent(this.#nextOffset, text, outputTokens);
    this.#nextOffset += 1;
    // An empty array that is pushed to takes room for sixteen, and most batches are of one.
    if (this.#pending === undefined) this.#pending = [event];
    else this.#pending.push(event);
    this.#pendingText += text;
    this.#waitingChars += event.json.length;
    if (this.#inFlightSinceMs === undefined) this.#appendPending();
  }

  /** Resolves when the model may be read on. */
  room(): Promise<void> {
    return this.#until(() => !this.isFull);
  }

  /** Resolves when everything taken is stored, or nothing more can be. */
  drained(): Promise<void> {
    return this.#until(() => this.#inFlightSinceMs === undefined);
  }

  /** Notices a store that has been away for too long, whether it fails or does not answer. */
  tick(nowMs: number): void {
    if (this.#inFlightSinceMs === undefined) return;
    if (nowMs - this.#inFlightSinceMs >= this.#deps.settings.storeStallMs) this.#giveUp('stalled');
  }

  /** Stores nothing more: somebody else has the stream. */
  lose(): void {
    this.#giveUp('lost');
  }

  /** Written with one promise and no async function: this is done for every token of every stream. */
  #appendPending(): void {
    const batch = { events: this.#pending ?? [], text: this.#pendingText, chars: this.#waitingChars };
    this.#pending = undefined;
    this.#pendingText = '';
    this.#inFlightSinceMs = this.#deps.clock.nowMs();
    this.#deps.eventLog.append(this.#id, batch.events).then(
      () => this.#stored(batch),
      (error: unknown) => this.#appendAgain(batch, error),
    );
  }

  #stored({ events, text, chars }: Batch): void {
    if (this.#fault !== undefined) return;
    this.#waitingChars -= chars;
    this.#storedText += text;
    this.#lastOffset += events.length;
    this.#deps.tail.publish(this.#id, events);
    if (this.#pending !== undefined) this.#appendPending();
    else this.#inFlightSinceMs = undefined;
    if (this.#waiters.length > 0) this.#wake();
  }

  /** Appends what could not be appended until it is done, the stream is lost, or the writer has given up meanwhile. */
  async #appendAgain(batch: Batch, firstError: unknown): Promise<void> {
    const { eventLog, timers, ids, log } = this.#deps;
    let error = firstError;
    for (let attempt = 1; this.#fault === undefined; attempt += 1) {
      if (error instanceof PortError && error.kind === 'conflict') {
        // After an unknown outcome the conflict may be with these very events.
        const fate = attempt > 1 ? await this.#fateOf(batch.events) : 'lost';
        if (fate === 'stored') return this.#stored(batch);
        if (fate === 'lost') return this.#giveUp('lost');
      }
      log.warn({ streamId: this.#id, attempt, err: error }, 'events could not be stored');
      await timers.sleep(retryDelayMs(attempt, ids));
      if (this.#fault !== undefined) return;
      try {
        await eventLog.append(this.#id, batch.events);
      } catch (cause) {
        error = cause;
        continue;
      }
      this.#stored(batch);
      return;
    }
  }

  /** What became of events whose place is taken; undefined while the log cannot be read. */
  async #fateOf(events: readonly StreamEvent[]): Promise<'stored' | 'lost' | undefined> {
    const last = events.at(-1);
    if (last === undefined) return 'stored';
    try {
      const [stored] = await this.#deps.eventLog.read(this.#id, last.offset - 1, 1);
      return stored?.offset === last.offset && stored.json === last.json ? 'stored' : 'lost';
    } catch {
      return undefined;
    }
  }

  #giveUp(fault: WriterFault): void {
    if (this.#fault !== undefined) return;
    this.#fault = fault;
    this.#pending = undefined;
    this.#pendingText = '';
    this.#inFlightSinceMs = undefined;
    this.#wake();
    this.#onFault();
  }

  #until(ready: () => boolean): Promise<void> {
    if (ready() || this.#fault !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ ready, resolve });
    });
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (this.#fault !== undefined || waiter.ready()) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }
}
