import type { NodeId } from '../../../domain/streaming/node-id.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';

/** What a node says of its readers. */
export interface ReaderMark {
  readonly node: NodeId;
  /** Streams that somebody reads there and that other nodes may drive. */
  readonly streams: readonly StreamId[];
  /** When it said so, in unix milliseconds. */
  readonly atMs: number;
}

/**
 * Tells the nodes that drive streams what is read on others, since a stream that nobody reads is stopped after a while.
 * Marks are hints that grow old: they need not last, and one that is lost is made again by the next.
 *
 * @throws PortError `unavailable` when the store is away, `timeout` when nobody knows: mark again.
 */
export interface ReaderMarks {
  /**
   * Takes the place of what the node said before, and not of what it said later: a mark that comes late changes nothing.
   * Marks are forgotten some time after a minute.
   */
  mark(mark: ReaderMark): Promise<void>;
  /** What nodes said last, if that was at a time or later; in no order. */
  since(atMs: number): Promise<readonly ReaderMark[]>;
}
