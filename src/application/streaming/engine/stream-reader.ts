import { isTerminal, type StreamEvent } from '../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/streaming/event-log.ts';
import type { LiveTail, TailListener } from '../../ports/streaming/live-tail.ts';
import { LOG_PAGE } from './read-log.ts';
import type { Follower } from './stream-presence.ts';

/** Live events that wait for a reader, in UTF-16 code units of JSON; beyond it he reads the log again. */
export const MAX_READER_QUEUE_CHARS = 262_144;
/** A reader this far behind what is live is let go, in UTF-16 code units of JSON; he can resume. */
export const MAX_BEHIND_CHARS = 1_048_576;

type Batch = readonly StreamEvent[];
type Step = IteratorResult<Batch, undefined>;

interface ReaderDeps {
  readonly clock: Clock;
  readonly eventLog: Pick<EventLog, 'read'>;
  readonly tail: LiveTail;
}

/** Where a reader begins. */
export interface ReaderStart {
  readonly id: StreamId;
  /** The offset of the last event that he has. */
  readonly cursor: number;
  /** Events right after the cursor that are known to be stored; with them the log need not be read. */
  readonly first?: Batch;
  /** Offset of the last event of a stream that has ended. */
  readonly endOffset?: number;
}

/**
 * One reader's way through a stream's log: from his cursor page by page, then live, every event once and in order.
 * Iteration ends after the stream's end, when the writer has gone without one, or when the reader is too slow:
 * {@link reachedEnd} tells. One consumer at a time.
 */
export class StreamReader implements AsyncIterableIterator<Batch>, Follower, TailListener {
  readonly id: StreamId;
  readonly #deps: ReaderDeps;
  readonly #unsubscribe: () => void;
  readonly #onClose: () => void;
  #cursor: number;
  #live: boolean;
  /** Whether nothing but a hint has sent a live reader to the log, so that he can go without what it says. */
  #isHinted = false;
  #queue: Batch[];
  #queuedChars = 0;
  /** Counts the times that live events were dropped in favour of the log, so that one during a read is noticed. */
  #returnsToLog = 0;
  #behindChars = 0;
  /** Offset of the last event that is known to have been stored, whether it has been delivered or not. */
  #storedOffset: number;
  #progressedAtMs: number;
  #waiting: ((step: Step) => void) | undefined;
  #writerGone = false;
  #closed = false;
  #reachedEnd = false;
  #isDeliveredLive = true;

  /** Subscribes at once, so that nothing is missed between the log and what is live. */
  constructor(deps: ReaderDeps, from: ReaderStart, onClose: () => void) {
    this.id = from.id;
    this.#deps = deps;
    this.#cursor = from.cursor;
    this.#storedOffset = from.endOffset ?? from.cursor;
    this.#live = from.first !== undefined;
    this.#queue = from.first === undefined ? [] : [from.first];
    this.#onClose = onClose;
    this.#progressedAtMs = deps.clock.nowMs();
    this.#unsubscribe = deps.tail.subscribe(from.id, this);
  }

  /** Whether what was delivered last came as it was made, and not from the log. */
  get isLive(): boolean {
    return this.#isDeliveredLive;
  }

  /** Whether the event that ends the stream has been delivered. */
  get reachedEnd(): boolean {
    return this.#reachedEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  progressedAtMs(nowMs: number): number {
    return this.#waiting === undefined ? this.#progressedAtMs : nowMs;
  }

  onEvents(events: Batch): void {
    if (this.#closed) return;
    this.#storedOffset = events.at(-1)?.offset ?? this.#storedOffset;
    if (this.#waiting !== undefined && this.#live && events[0]?.offset === this.#cursor + 1) {
      this.#hand(events);
      return;
    }
    let chars = 0;
    for (const event of events) chars += event.json.length;
    this.#behindChars += chars;
    if (this.#behindChars > MAX_BEHIND_CHARS) {
      this.close();
      return;
    }
    this.#queue.push(events);
    this.#queuedChars += chars;
    if (this.#queuedChars > MAX_READER_QUEUE_CHARS) this.#readLogAgain();
    this.#resume();
  }

  onDisconnected(): void {
    this.#writerGone = true;
    this.#readLogAgain();
    this.#resume();
  }

  onMissed(): void {
    if (this.#closed) return;
    const isHinted = this.#live || this.#isHinted;
    this.#readLogAgain();
    this.#isHinted = isHinted;
    this.#resume();
  }

  /** The next events, as many as there are. Whoever cannot be told them is followed no more: he can resume. */
  next(): Promise<Step> {
    this.#behindChars = 0;
    this.#progressedAtMs = this.#deps.clock.nowMs();
    const step = this.#atHand();
    if (step === 'log') return this.#step().catch((error: unknown) => this.#fail(error));
    return step === undefined ? this.#wait() : Promise.resolve(step);
  }

  return(): Promise<Step> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Stops following. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#unsubscribe();
    this.#onClose();
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  /** What can be delivered without the log; undefined when there is nothing yet. */
  #atHand(): Step | 'log' | undefined {
    if (this.#closed || this.#reachedEnd) {
      this.close();
      return { done: true, value: undefined };
    }
    if (!this.#live) return 'log';
    const events = this.#takeQueue();
    if (events === undefined) return undefined;
    if (events !== 'gap') return this.#deliver(events);
    this.#readLogAgain();
    return 'log';
  }

  async #step(): Promise<Step> {
    for (;;) {
      const step = this.#atHand();
      // Nothing may be awaited between finding nothing and waiting: an event in between would wake nobody.
      if (step === undefined) return this.#wait();
      if (step !== 'log') return step;
      const returns = this.#returnsToLog;
      // Where nothing more will come, or what was stored is not kept any more, waiting would never end.
      const gone = this.#writerGone || this.#storedOffset > this.#cursor;
      const page = await this.#page();
      if (page === undefined) return this.#wait();
      if (page.length > 0) return this.#deliver(page, false);
      if (gone) this.close();
      else this.#live = returns === this.#returnsToLog;
    }
  }

  /** What the log has after the cursor; undefined when it could not be read and nothing is known to be there. */
  async #page(): Promise<Batch | undefined> {
    try {
      const page = await this.#deps.eventLog.read(this.id, this.#cursor, LOG_PAGE);
      this.#isHinted = false;
      return page;
    } catch (error) {
      const isNeeded = this.#closed || this.#writerGone || this.#storedOffset > this.#cursor;
      if (!this.#isHinted || isNeeded) throw error;
      return undefined;
    }
  }

  /** The queued events that follow the cursor; `gap` when some between are missing. */
  #takeQueue(): Batch | 'gap' | undefined {
    const [first, ...more] = this.#queue;
    this.#queue = [];
    this.#queuedChars = 0;
    if (first === undefined) return undefined;
    const all = more.length === 0 ? first : [first, ...more].flat();
    const events =
      (all[0]?.offset ?? 0) > this.#cursor ? all : all.filter((event) => event.offset > this.#cursor);
    const next = events[0];
    if (next === undefined) return undefined;
    const last = events.at(-1);
    const whole = next.offset === this.#cursor + 1 && last?.offset === this.#cursor + events.length;
    return whole ? events : 'gap';
  }

  #readLogAgain(): void {
    this.#returnsToLog += 1;
    this.#isHinted = false;
    this.#queue = [];
    this.#queuedChars = 0;
    this.#live = false;
  }

  #deliver(events: Batch, isLive = true): Step {
    this.#isDeliveredLive = isLive;
    const last = events.at(-1);
    if (last !== undefined) {
      this.#cursor = last.offset;
      this.#reachedEnd = isTerminal(last);
    }
    return { done: false, value: events };
  }

  #fail(error: unknown): never {
    this.close();
    throw error;
  }

  #wait(): Promise<Step> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #hand(events: Batch): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(this.#deliver(events));
  }

  /** Wakes a waiting consumer with what is at hand or in the log. */
  #resume(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    // Who waits for the log is not one who makes no progress.
    this.#progressedAtMs = this.#deps.clock.nowMs();
    this.#step().then(waiting, () => {
      this.close();
      waiting({ done: true, value: undefined });
    });
  }
}
