import type { SQLInputValue } from 'node:sqlite';
import type { EventQuery } from '../../../../application/ports/control/agent-event-store.ts';
import type { AgentEventState } from '../../../../domain/control/agent-event-state.ts';
import type { Connection } from '../connection.ts';
import { EVENTS_OF_A_MILLISECOND, firstSeqOf, stateFrom } from './agent-event-rows.ts';

/** The reading connection. */
type Database = Pick<Connection, 'prepare'>;

/** A page of events. */
export function listEvents(db: Database, query: EventQuery): AgentEventState[] {
  const { limit, maxBytes, order } = query;
  const { index, conditions, values } = conditionsOf(query);
  const isNewestFirst = order === 'newest-first';
  const place = placeAfter(db, query);
  const sql = `SELECT agent_events.*, bytes FROM agent_events ${index} JOIN agent_event_bytes USING (seq)
    WHERE ${[...conditions, isNewestFirst ? 'seq < ?' : 'seq > ?'].join(' AND ')}
    ORDER BY seq ${isNewestFirst ? 'DESC' : 'ASC'} LIMIT ?`;
  const page: AgentEventState[] = [];
  let bytes = 0;
  for (const row of db.prepare(sql).iterate(...values, place, limit)) {
    bytes += (row.bytes as Uint8Array).length;
    if (bytes > maxBytes && page.length > 0) break;
    page.push(stateFrom(row));
  }
  return page;
}

/**
 * What the page is of. One index leads, that of the narrowest condition, and a plus sign keeps the others away: without
 * statistics SQLite would choose any of them.
 */
function conditionsOf({ sessionId, reviewed, agentId, owner }: EventQuery): {
  readonly index: string;
  readonly conditions: readonly string[];
  readonly values: readonly SQLInputValue[];
} {
  const asked: Array<readonly [column: string, value: string | undefined]> = [
    ['session_id', sessionId],
    ['review_status', reviewed?.status],
    ['agent_id', agentId],
    ['owner', owner],
  ];
  const given = asked.flatMap(([column, value]) => (value === undefined ? [] : [{ column, value }]));
  const isOfAnyOutcome = reviewed !== undefined && reviewed.status === undefined;
  const isLedByReviews = isOfAnyOutcome && sessionId === undefined;
  const conditions = given.map(
    ({ column }, place) => `${place > 0 || isLedByReviews ? '+' : ''}${column} = ?`,
  );
  if (isOfAnyOutcome) conditions.push('review_id IS NOT NULL');
  const index = isLedByReviews ? 'INDEXED BY agent_events_asked' : '';
  return { index, conditions, values: given.map(({ value }) => value) };
}

/** The row that the page comes after, or where it would be. */
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
