import { PortError } from '../../../../application/ports/port-error.ts';
import type { EventLog } from '../../../../application/ports/streaming/event-log.ts';
import { eventLines, eventsFollow } from '../../../../domain/streaming/event-lines.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { eventGroup } from './event-text.ts';
import type { RunningLog, RunningLogs } from './running-logs.ts';
import { SealedLogs } from './sealed-logs.ts';

/** Appends that are answered in one turn of the event loop: everything else has its turn after so many sends. */
const ANSWERED_AT_ONCE = 16;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Appends that are answered together, by one promise. */
interface Slice {
  readonly appends: Array<{ readonly log: RunningLog; readonly count: number; readonly lines: string }>;
  readonly answer: PromiseWithResolvers<void>;
}

/** Appends of many streams that go to the disk together. */
interface Gathering {
  body: string;
  readonly slices: Slice[];
}

/**
 * Events in SQLite. What all streams append until the next transaction is formed becomes one row of text, since
 * a row for each event costs several times as much; a running stream is read from memory, an ended one from its
 * own row.
 */
export class SqliteEventLog implements EventLog {
  readonly #store: SqliteStore;
  readonly #logs: RunningLogs;
  readonly #sealed: SealedLogs;
  #gathering: Gathering | undefined;
  /** Resolves when the last gathering that was opened is stored and all its appends are answered. */
  #answered: Promise<void> = Promise.resolve();

  constructor(store: SqliteStore, logs: RunningLogs) {
    this.#store = store;
    this.#logs = logs;
    this.#sealed = new SealedLogs(store);
  }

  append(id: StreamId, events: readonly StreamEvent[]): Promise<void> {
    const log = this.#logs.get(id);
    if (
      log === undefined ||
      !log.isRunning ||
      log.busy !== undefined ||
      !eventsFollow(events, log.nextOffset)
    ) {
      const message = 'the stream is not running or the offset is not the next one';
      return Promise.reject(new PortError('conflict', 'store', message));
    }
    const lines = eventLines(events);
    const gathering = this.#gathering ?? this.#gather();
    gathering.body += eventGroup(log.heading, log.nextOffset, lines);
    const { appends, answer } = openSlice(gathering);
    appends.push({ log, count: events.length, lines });
    log.busy = answer.promise;
    return answer.promise;
  }

  async read(id: StreamId, afterOffset: number, limit: number): Promise<readonly StreamEvent[]> {
    const log = this.#logs.get(id);
    if (log === undefined || log.events.isEmpty) return this.#sealed.read(id, afterOffset, limit);
    const events = log.events.read(afterOffset, limit);
    if (events.length > 0 || (log.isRunning && log.busy === undefined)) return events;
    // The end may be on the disk, where others see it, while word of it is still on its way here.
    return this.#sealed.read(id, afterOffset, limit);
  }

  /** Opens a gathering that closes when the store forms its next transaction once the one before it is answered. */
  #gather(): Gathering {
    const gathering: Gathering = { body: '', slices: [] };
    this.#gathering = gathering;
    this.#answered = this.#answered.then(() => this.#commit(gathering));
    return gathering;
  }

  async #commit(gathering: Gathering): Promise<void> {
    const close = (): unknown => {
      this.#gathering = undefined;
      return { batchId: this.#logs.takeBatchId(), body: gathering.body };
    };
    try {
      await this.#store.writeLate('streaming.append-events', close, 'normal');
    } catch (error) {
      if (this.#gathering === gathering) this.#gathering = undefined;
      for (const { appends, answer } of gathering.slices) {
        for (const { log } of appends) log.busy = undefined;
        answer.reject(error);
      }
      return;
    }
    await answerAll(gathering);
  }
}

function openSlice({ slices }: Gathering): Slice {
  const last = slices.at(-1);
  if (last !== undefined && last.appends.length < ANSWERED_AT_ONCE) return last;
  const slice: Slice = { appends: [], answer: Promise.withResolvers() };
  slices.push(slice);
  return slice;
}

/**
 * Answers the appends of a gathering a slice at a time. An answer sends events to readers, and a thousand of those in one
 * go would keep whoever asks for something new waiting behind all of them.
 */
async function answerAll({ slices }: Gathering): Promise<void> {
  for (const [index, { appends, answer }] of slices.entries()) {
    if (index > 0) await nextTurn();
    for (const { log, count, lines } of appends) {
      log.events.append(log.nextOffset, count, lines);
      log.busy = undefined;
    }
    answer.resolve();
  }
}
