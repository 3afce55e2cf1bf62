import { BoundedMap } from '../../../../domain/bounded-map.ts';
import { parseEventLines } from '../../../../domain/streaming/event-lines.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { SqliteStore } from '../sqlite-store.ts';

/** Logs of ended streams that are kept parsed while somebody pages through them. */
const MAX_PARSED_LOGS = 8;

interface LogRow {
  readonly first_offset: number;
  readonly last_offset: number;
}

/** The logs of ended streams, one row each. */
export class SealedLogs {
  readonly #store: SqliteStore;
  readonly #parsed = new BoundedMap<StreamId, readonly StreamEvent[]>(MAX_PARSED_LOGS);

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Events after an offset, at most `limit`; empty when the log is not there. */
  read(id: StreamId, afterOffset: number, limit: number): Promise<readonly StreamEvent[]> {
    return this.#store.read((db) => {
      const row = db
        .prepare('SELECT first_offset, last_offset FROM stream_logs WHERE stream_id = ?')
        .get(id) as LogRow | undefined;
      if (row === undefined) {
        this.#parsed.delete(id);
        return [];
      }
      if (afterOffset >= row.last_offset) return [];
      const events = this.#parsed.get(id) ?? this.#parse(id, row.first_offset, bodyOf(db, id));
      const from = Math.max(0, afterOffset + 1 - row.first_offset);
      return events.slice(from, from + limit);
    });
  }

  #parse(id: StreamId, firstOffset: number, body: string): readonly StreamEvent[] {
    const events = parseEventLines(body, firstOffset);
    this.#parsed.set(id, events);
    return events;
  }
}

function bodyOf(db: Parameters<Parameters<SqliteStore['read']>[0]>[0], id: StreamId): string {
  const row = db.prepare('SELECT body FROM stream_logs WHERE stream_id = ?').get(id);
  return (row as { body: string }).body;
}
