import { setImmediate as turn } from 'node:timers/promises';
import type { EventStatistics } from '../../../../application/ports/control/agent-event-store.ts';
import type { ReviewStatus } from '../../../../domain/control/agent-event-state.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { type EventRow, seqAt } from './agent-event-rows.ts';

/** Rows that are counted before others have their turn. */
const ROWS_AT_ONCE = 2_000;

/** Counts over the events that came since then, a slice at a time: a look at all of them would hold up everybody. */
export async function countEvents(store: SqliteStore, sinceMs: number): Promise<EventStatistics> {
  const counts = new Counts();
  for (let after = seqAt(sinceMs) - 1; ; ) {
    const rows = await store.read((db) =>
      db
        .prepare(
          `SELECT seq, owner, session_id, code, delivery, review_status FROM agent_events
           WHERE seq > ? ORDER BY seq LIMIT ?`,
        )
        .all(after, ROWS_AT_ONCE),
    );
    for (const row of rows) counts.add(row);
    if (rows.length < ROWS_AT_ONCE) return counts.statistics();
    after = rows.at(-1)?.seq as number;
    await turn();
  }
}

class Counts {
  readonly #byCode = new Map<string, number>();
  readonly #reviews: Record<ReviewStatus, number> = { pending: 0, approved: 0, rejected: 0, expired: 0 };
  readonly #sessions = new Set<string>();
  #events = 0;
  #due = 0;

  add({ owner, session_id: sessionId, code, delivery, review_status: review }: EventRow): void {
    this.#events += 1;
    this.#byCode.set(code as string, (this.#byCode.get(code as string) ?? 0) + 1);
    if (delivery === 'due') this.#due += 1;
    if (review !== null) this.#reviews[review as ReviewStatus] += 1;
    this.#sessions.add(JSON.stringify([owner, sessionId]));
  }

  statistics(): EventStatistics {
    return {
      events: this.#events,
      byCode: Object.fromEntries(this.#byCode),
      reviews: this.#reviews,
      due: this.#due,
      sessions: this.#sessions.size,
    };
  }
}
