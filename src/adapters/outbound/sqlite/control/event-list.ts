import type { EventQuery } from '../../../../application/ports/control/agent-event-store.ts';
import type { AgentEventState } from '../../../../domain/control/agent-event-state.ts';
import type { Connection } from '../connection.ts';
import { LIST_OF_COLUMN, listedUpTo } from './agent-event-lists.ts';
import { EVENTS_OF_A_MILLISECOND, type EventRow, firstSeqOf, stateFrom } from './agent-event-rows.ts';

/** The reading connection. */
type Database = Pick<Connection, 'prepare'>;

/** Where a part of a page is looked for: the first row that it may have, and the last. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** A page of events. */
export function listEvents(db: Database, query: EventQuery): AgentEventState[] {
  const asked = askedOf(query);
  const page = new Page(query);
  const { from, to } = spanAfter(db, query);
  const [leading] = asked;
  if (leading === undefined || !(leading.column in LIST_OF_COLUMN) || isLedByReviews(query)) {
    page.add(rowsIn(db, query, asked, { from, to }));
    return page.events;
  }
  // What is listed by then stays listed, and what comes meanwhile is behind it: no event is in neither part or in both.
  const listed = listedUpTo(db);
  const parts = [
    () => listedRowsIn(db, query, asked, { from, to: Math.min(to, listed) }),
    () => rowsIn(db, query, asked, { from: Math.max(from, listed + 1), to }),
  ];
  for (const part of query.order === 'newest-first' ? parts.reverse() : parts) page.add(part());
  return page.events;
}

/** A page that is filled until it has enough. */
class Page {
  readonly events: AgentEventState[] = [];
  readonly #limit: number;
  readonly #maxBytes: number;
  #bytes = 0;
  #isFull = false;

  constructor({ limit, maxBytes }: EventQuery) {
    this.#limit = limit;
    this.#maxBytes = maxBytes;
  }

  add(rows: Iterable<EventRow>): void {
    if (this.#isFull) return;
    for (const row of rows) {
      this.#bytes += (row.bytes as Uint8Array).length;
      this.#isFull = this.#bytes > this.#maxBytes && this.events.length > 0;
      if (this.#isFull) return;
      this.events.push(stateFrom(row));
      this.#isFull = this.events.length === this.#limit;
      if (this.#isFull) return;
    }
  }
}

/** The events of a list, and all else that is asked for; whose each is says its own row, whatever the list says. */
function listedRowsIn(db: Database, query: EventQuery, asked: Asked, { from, to }: Span): Iterable<EventRow> {
  const [{ column, value }] = asked as [Asked[number], ...Asked];
  const conditions = [
    `list = '${LIST_OF_COLUMN[column as keyof typeof LIST_OF_COLUMN]}' AND name = ? AND agent_event_lists.seq BETWEEN ? AND ?`,
    ...asked.map((one) => `agent_events.${one.column} = ?`),
    ...(query.reviewed === undefined ? [] : ['review_id IS NOT NULL']),
  ];
  const sql = `SELECT agent_events.*, bytes
    FROM agent_event_lists CROSS JOIN agent_events USING (seq) CROSS JOIN agent_event_bytes USING (seq)
    WHERE ${conditions.join(' AND ')} ORDER BY agent_event_lists.seq ${directionOf(query)} LIMIT ?`;
  return db.prepare(sql).iterate(value, from, to, ...asked.map((one) => one.value), query.limit);
}

/** Events between two rows, of which those that are asked for: by an index where there is one, else one after the other. */
function rowsIn(db: Database, query: EventQuery, asked: Asked, { from, to }: Span): Iterable<EventRow> {
  const conditions = asked.map(
    ({ column }, place) => `${place > 0 || column !== 'review_status' ? '+' : ''}${column} = ?`,
  );
  if (query.reviewed !== undefined && query.reviewed.status === undefined) {
    conditions.push('review_id IS NOT NULL');
  }
  const index = isLedByReviews(query) ? 'INDEXED BY agent_events_asked' : '';
  const sql = `SELECT agent_events.*, bytes FROM agent_events ${index} JOIN agent_event_bytes USING (seq)
    WHERE ${[...conditions, 'seq BETWEEN ? AND ?'].join(' AND ')} ORDER BY seq ${directionOf(query)} LIMIT ?`;
  return db.prepare(sql).iterate(...asked.map(({ value }) => value), from, to, query.limit);
}

const directionOf = ({ order }: EventQuery): 'DESC' | 'ASC' => (order === 'newest-first' ? 'DESC' : 'ASC');

type Asked = ReadonlyArray<{ readonly column: string; readonly value: string }>;

/** What the page is of, the narrowest condition first: its list or index leads, and a plus sign keeps the others away. */
function askedOf({ sessionId, reviewed, agentId, owner }: EventQuery): Asked {
  const asked: Array<readonly [column: string, value: string | undefined]> = [
    ['session_id', sessionId],
    ['review_status', reviewed?.status],
    ['agent_id', agentId],
    ['owner', owner],
  ];
  return asked.flatMap(([column, value]) => (value === undefined ? [] : [{ column, value }]));
}

/** Whether the index of what a person was asked about leads. */
const isLedByReviews = ({ reviewed, sessionId }: EventQuery): boolean =>
  reviewed !== undefined && reviewed.status === undefined && sessionId === undefined;

/** The rows behind the one that the page comes after, or behind where it would be. */
function spanAfter(db: Database, query: EventQuery): Span {
  const place = placeAfter(db, query);
  return query.order === 'newest-first'
    ? { from: 0, to: place - 1 }
    : { from: place + 1, to: Number.MAX_SAFE_INTEGER };
}

function placeAfter(db: Database, { after, order }: EventQuery): number {
  if (after === undefined) return order === 'newest-first' ? Number.MAX_SAFE_INTEGER : -1;
  const first = firstSeqOf(after);
  const end = first + EVENTS_OF_A_MILLISECOND;
  const found = db
    .prepare('SELECT seq FROM agent_events WHERE seq >= ? AND seq < ? AND id = ?')
    .get(first, end, after);
  if (found !== undefined) return found.seq as number;
  return order === 'newest-first' ? first : end - 1;
}
