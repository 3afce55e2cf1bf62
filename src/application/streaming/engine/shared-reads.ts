import type { StreamEvent } from '../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import type { EventLog } from '../../ports/streaming/event-log.ts';

/**
 * Makes one read of the log of all that ask for the same at the same moment, as all readers of a stream do when they
 * are told that they may have missed something. A read begins after everybody has asked, so that it answers nobody with
 * what was there before he did.
 */
export class SharedReads implements Pick<EventLog, 'read'> {
  readonly #log: Pick<EventLog, 'read'>;
  /** What was asked for in this moment. */
  readonly #asked = new Map<string, Promise<readonly StreamEvent[]>>();

  constructor(log: Pick<EventLog, 'read'>) {
    this.#log = log;
  }

  /** As `EventLog.read`. */
  read(id: StreamId, afterOffset: number, limit: number): Promise<readonly StreamEvent[]> {
    const what = `${id} ${afterOffset} ${limit}`;
    const asked = this.#asked.get(what);
    if (asked !== undefined) return asked;
    const read = Promise.resolve().then(() => {
      this.#asked.delete(what);
      return this.#log.read(id, afterOffset, limit);
    });
    this.#asked.set(what, read);
    return read;
  }
}
