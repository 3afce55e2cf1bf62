import type { StreamEvent } from '../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';

/** What a tail tells its subscribers. */
export interface TailListener {
  /** Events that are now in the log, in order; some may be missing when the tail was lost meanwhile. */
  onEvents(events: readonly StreamEvent[]): void;
  /** The stream's writer has gone without an end: read the log, or disconnect. */
  onDisconnected(): void;
  /**
   * Events may have been lost, and nothing may come that shows it: read the log. Often told in vain, and told again
   * after some seconds in which nothing was heard.
   */
  onMissed(): void;
}

/**
 * Carries stored events to readers without delay, also to those of other nodes. It may lose events, never invent or
 * reorder them: a reader that sees a gap in the offsets reads the log, and so does one that is told that he may have
 * missed some. A tail that loses what another node published tells so soon after. Publishing never blocks and never
 * throws.
 */
export interface LiveTail {
  publish(id: StreamId, events: readonly StreamEvent[]): void;
  /** Tells the readers of a stream that its writer gave up without an end. */
  disconnect(id: StreamId): void;
  /** Listens until the returned function is called. */
  subscribe(id: StreamId, listener: TailListener): () => void;
}
