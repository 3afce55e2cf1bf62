import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/streaming/event-log.ts';
import type { LiveTail } from '../../ports/streaming/live-tail.ts';
import { SharedReads } from './shared-reads.ts';
import type { Follower, StreamPresence } from './stream-presence.ts';
import { type ReaderStart, StreamReader } from './stream-reader.ts';

interface Deps {
  readonly clock: Clock;
  readonly eventLog: EventLog;
  readonly tail: LiveTail;
  readonly presence: StreamPresence;
  /** Told when the last reader of a stream has gone. */
  readonly onDeserted: (id: StreamId) => void;
}

/** Makes readers and counts them in and out. */
export class StreamReaders {
  readonly #deps: Deps;
  readonly #eventLog: SharedReads;
  readonly #reading = new Set<StreamReader>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#eventLog = new SharedReads(deps.eventLog);
  }

  /**
   * A reader of a stream from a cursor on.
   *
   * @throws DomainError `stream.limit_reached` when the stream has as many readers as it may.
   */
  read(from: ReaderStart): StreamReader {
    const { clock, tail, presence, onDeserted } = this.#deps;
    const eventLog = this.#eventLog;
    const follower: Follower = { progressedAtMs: (nowMs) => reader.progressedAtMs(nowMs) };
    presence.join(from.id, follower);
    const reader = new StreamReader({ clock, eventLog, tail }, from, () => {
      this.#reading.delete(reader);
      if (presence.leave(from.id, follower)) onDeserted(from.id);
    });
    this.#reading.add(reader);
    return reader;
  }

  /** Lets everybody look at the log: what a node that is gone has stored, it may not have told any more. */
  missed(): void {
    for (const reader of this.#reading) reader.onMissed();
  }
}
