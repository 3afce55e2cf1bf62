import { eventsFollow } from '../../../../domain/streaming/event-lines.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { StreamingCollections } from './streaming-collections.ts';
import { batchKeys } from './streaming-documents.ts';

/**
 * Most ends that are remembered: more than a process has streams. Those of streams that others took from it stay until
 * then, since nobody appends to them any more. An end that was forgotten is looked up where it is stored.
 */
const MAX_ENDS = 50_000;

/** Where the log of a running stream ends, as far as this process knows. */
export interface KnownEnd {
  readonly id: StreamId;
  /** The offset after the last event that is on the disks of a majority. */
  nextOffset: number;
  /** The append of this process that is under way; there is one at most. */
  busy: Promise<void> | undefined;
}

/**
 * The ends of the logs that this process writes. A log is written at an end that was seen on the disks of a majority, and
 * by nobody else: that makes the key of the next batch a fence. If the end has moved on meanwhile, the key at the old end
 * is taken, and whoever meets it has lost.
 */
export class KnownEnds {
  readonly #in: StreamingCollections;
  readonly #ends = new Map<StreamId, KnownEnd>();
  readonly #most: number;

  constructor(collections: StreamingCollections, most = MAX_ENDS) {
    this.#in = collections;
    this.#most = most;
  }

  get(id: StreamId): KnownEnd | undefined {
    return this.#ends.get(id);
  }

  /** Takes note of a log that this process has begun. */
  begin(id: StreamId, nextOffset: number): void {
    this.#ends.set(id, { id, nextOffset, busy: undefined });
    if (this.#ends.size <= this.#most) return;
    // What is being written is waited for by its end.
    for (const [other, { busy }] of this.#ends) {
      if (busy !== undefined || other === id) continue;
      this.#ends.delete(other);
      return;
    }
  }

  /** Forgets an end that has moved, or of which nobody knows whether it has. */
  drop(id: StreamId): void {
    this.#ends.delete(id);
  }

  /** Resolves when no append of this process is under way on a stream, whatever became of it. */
  async idle(id: StreamId): Promise<void> {
    for (let busy = this.get(id)?.busy; busy !== undefined; busy = this.get(id)?.busy) {
      await busy.catch(() => undefined);
    }
  }

  /**
   * The end of a running stream's log if events can be written there: the one that is known, else the one that is stored.
   * Undefined when the stream does not run or its end is elsewhere.
   */
  async at(id: StreamId, events: readonly StreamEvent[]): Promise<KnownEnd | undefined> {
    const known = this.#ends.get(id);
    if (known !== undefined && eventsFollow(events, known.nextOffset)) return known;
    if (known?.busy !== undefined) return undefined;
    const nextOffset = await this.#stored(id);
    if (nextOffset === undefined || !eventsFollow(events, nextOffset)) return undefined;
    // Two that have looked at the same time share one end, so that only one of them is let at it.
    const end = this.#ends.get(id);
    if (end?.nextOffset === nextOffset) return end;
    if (end?.busy !== undefined) return undefined;
    this.begin(id, nextOffset);
    return this.#ends.get(id);
  }

  async #stored(id: StreamId): Promise<number | undefined> {
    const stream = await this.#in.streams.findOne(
      { _id: id, state: 'running' },
      { projection: { firstOffset: 1 } },
    );
    if (stream === null) return undefined;
    const last = await this.#in.batches.findOne(
      { _id: batchKeys(id) },
      { sort: { _id: -1 }, projection: { lastOffset: 1, end: 1 } },
    );
    if (last?.end === true) return undefined;
    return (last?.lastOffset ?? stream.firstOffset) + 1;
  }
}
