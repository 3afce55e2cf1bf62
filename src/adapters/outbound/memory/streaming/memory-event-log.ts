import { PortError } from '../../../../application/ports/port-error.ts';
import type { EventLog } from '../../../../application/ports/streaming/event-log.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { MemoryStreamingStore } from './memory-streaming-store.ts';

/** The event log in memory, for tests. */
export class MemoryEventLog implements EventLog {
  readonly #store: MemoryStreamingStore;

  constructor(store: MemoryStreamingStore) {
    this.#store = store;
  }

  async append(id: StreamId, events: readonly StreamEvent[]): Promise<void> {
    const log = this.#store.logs.get(id);
    const running = this.#store.streams.get(id)?.session.state === 'running';
    const next = (log?.at(-1)?.offset ?? 0) + 1;
    if (log === undefined || !running || events.some(({ offset }, index) => offset !== next + index)) {
      throw new PortError('conflict', 'store', 'the stream is not running or the offset is not the next one');
    }
    log.push(...events);
  }

  async read(id: StreamId, afterOffset: number, limit: number): Promise<readonly StreamEvent[]> {
    const log = this.#store.logs.get(id) ?? [];
    return log.filter(({ offset }) => offset > afterOffset).slice(0, limit);
  }
}
