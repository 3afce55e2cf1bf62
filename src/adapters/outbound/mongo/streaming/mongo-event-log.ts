import type { EventLog } from '../../../../application/ports/streaming/event-log.ts';
import { eventLines, eventsFollow, parseEventLines } from '../../../../domain/streaming/event-lines.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { MongoStore } from '../mongo-store.ts';
import { type BatchInserter, conflict } from './batch-inserter.ts';
import type { KnownEnd, KnownEnds } from './known-ends.ts';
import type { StreamingCollections } from './streaming-collections.ts';
import { batchKey, batchKeys, firstOffsetOf } from './streaming-documents.ts';

/** Batches that are fetched at once while a log is read. */
const BATCHES_AT_ONCE = 128;

/**
 * Events in MongoDB: the first of a stream is in the stream's own document, and what is appended together is one document
 * whose key fences the log.
 */
export class MongoEventLog implements EventLog {
  readonly #store: MongoStore;
  readonly #in: StreamingCollections;
  readonly #ends: KnownEnds;
  readonly #inserter: BatchInserter;

  constructor(
    store: MongoStore,
    collections: StreamingCollections,
    ends: KnownEnds,
    inserter: BatchInserter,
  ) {
    this.#store = store;
    this.#in = collections;
    this.#ends = ends;
    this.#inserter = inserter;
  }

  append(id: StreamId, events: readonly StreamEvent[]): Promise<void> {
    const end = this.#ends.get(id);
    if (end !== undefined && eventsFollow(events, end.nextOffset)) return this.#appendAt(end, events);
    return this.#appendElsewhere(id, events);
  }

  /** Where this process does not know the log's end, or knows another one. */
  async #appendElsewhere(id: StreamId, events: readonly StreamEvent[]): Promise<void> {
    const end = await this.#store.read(() => this.#ends.at(id, events));
    if (end === undefined) throw conflict();
    return this.#appendAt(end, events);
  }

  #appendAt(end: KnownEnd, events: readonly StreamEvent[]): Promise<void> {
    if (end.busy !== undefined) return Promise.reject(conflict());
    const lastOffset = end.nextOffset + events.length - 1;
    const batch = { _id: batchKey(end.id, end.nextOffset), lines: eventLines(events), lastOffset };
    end.busy = this.#inserter.insert(batch).then(
      () => {
        end.nextOffset = lastOffset + 1;
        end.busy = undefined;
      },
      (error: unknown) => {
        end.busy = undefined;
        this.#ends.drop(end.id);
        throw error;
      },
    );
    return end.busy;
  }

  read(id: StreamId, afterOffset: number, limit: number): Promise<readonly StreamEvent[]> {
    return this.#store.read(() => this.#read(id, afterOffset, limit));
  }

  async #read(id: StreamId, afterOffset: number, limit: number): Promise<readonly StreamEvent[]> {
    if (limit <= 0) return [];
    const [stream, key] = await Promise.all([
      this.#in.streams.findOne(
        { _id: id, state: { $nin: ['opening', 'expired'] } },
        { projection: { firstOffset: 1, first: 1 } },
      ),
      this.#keyOfBatchAt(id, Math.max(0, afterOffset) + 1),
    ]);
    if (stream === null) return [];
    const { firstOffset, first = '' } = stream;
    const events = afterOffset < firstOffset ? parseEventLines(first, firstOffset) : [];
    let next = Math.max(afterOffset, firstOffset) + 1;
    const batches = this.#in.batches.find(
      { _id: { ...batchKeys(id), ...(key === undefined ? {} : { $gte: key }) } },
      { sort: { _id: 1 }, projection: { lines: 1 }, batchSize: BATCHES_AT_ONCE },
    );
    try {
      while (events.length < limit) {
        const batch = await batches.next();
        // A log that is being removed may have lost a batch in between already: what is behind it is not shown.
        if (batch === null || firstOffsetOf(batch) > next) break;
        const fresh = parseEventLines(batch.lines ?? '', firstOffsetOf(batch)).filter(
          (it) => it.offset >= next,
        );
        events.push(...fresh);
        next += fresh.length;
      }
    } finally {
      await batches.close();
    }
    return events.slice(0, limit);
  }

  /** The key of the batch that an offset falls to, or would. */
  async #keyOfBatchAt(id: StreamId, offset: number): Promise<string | undefined> {
    const batch = await this.#in.batches.findOne(
      { _id: { $gte: batchKey(id, 0), $lte: batchKey(id, offset) } },
      { sort: { _id: -1 }, projection: { _id: 1 } },
    );
    return batch?._id;
  }
}
