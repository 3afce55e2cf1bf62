import type { StreamEvent } from '../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';

/** What a tail tells its subscribers. */
export interface TailListener {
  /** Events that are now in the log, in order; some may be missing when the tail was lost meanwhile. */
  onEvents(events: readonly StreamEvent[]): void;
  /** The stream's writer has gone without an end: read the log, or disconnect. */
  onDisconnected(): void;
}

/**
 * Carries stored events to readers without delay. It may lose events, never invent or reorder them: a reader
 * that sees a gap in the offsets reads the log. Publishing never blocks and never throws.
 */
export interface LiveTail {
  publish(id: StreamId, events: readonly StreamEvent[]): void;
  /** Tells the readers of a stream that its writer gave up without an end. */
  disconnect(id: StreamId): void;
  /** Listens until the returned function is called. */
  subscribe(id: StreamId, listener: TailListener): () => void;
}
