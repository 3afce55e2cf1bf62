import type { StreamEvent } from '../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';

/**
 * The log of events of each running or ended stream. `StreamRepository.activate` writes the first event and
 * `seal` the last one; this port appends what is between.
 */
export interface EventLog {
  /**
   * Appends events at consecutive offsets. Durable against a crash of the process when it resolves, and only then
   * may they be sent to anybody. At most one append of a stream is in flight.
   *
   * @throws PortError `conflict` when the stream is not running or the first offset is not the next one, `unavailable`
   *   when nothing was written, `timeout` when that is unknown: after it, a conflict may be with these very events.
   */
  append(id: StreamId, events: readonly StreamEvent[]): Promise<void>;
  /**
   * Events after an offset, in order, at most `limit`; reading on from the last one misses nothing and repeats
   * nothing. Empty for a stream that does not exist or has expired.
   */
  read(id: StreamId, afterOffset: number, limit: number): Promise<readonly StreamEvent[]>;
}
