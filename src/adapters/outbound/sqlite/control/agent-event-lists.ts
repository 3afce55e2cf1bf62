import type { Connection } from '../connection.ts';
import type { WriterDatabase } from '../operation.ts';
import type { EventRow } from './agent-event-rows.ts';

/** Events are listed when so many more have come. */
export const LISTED_AT_ONCE = 500;
/** The lists that events are in, by the columns that name them there. */
export const LIST_OF_COLUMN = { owner: 'owner', session_id: 'session', agent_id: 'agent' } as const;
const COLUMNS = Object.entries(LIST_OF_COLUMN);

/** The last row that is listed, -1 for none: whatever comes later is found by a look through the rows behind it. */
export const listedUpTo = (db: Pick<Connection, 'prepare'>): number =>
  (db.prepare('SELECT up_to FROM agent_events_listed WHERE id = 1').get()?.up_to as number | undefined) ?? -1;

/**
 * Puts the next events into their lists, at most so many.
 *
 * @returns how many wait still; of more than the limit, the limit: enough to go on.
 */
export function putIntoLists(db: WriterDatabase, { limit }: { readonly limit: number }): number {
  const from = listedUpTo(db);
  const sql = 'SELECT seq FROM agent_events WHERE seq > ? ORDER BY seq LIMIT ?';
  const waiting = db.prepare(sql).all(from, 2 * limit);
  const rows = waiting.slice(0, limit);
  const upTo = rows.at(-1)?.seq as number | undefined;
  if (upTo === undefined) return 0;
  for (const [column, list] of COLUMNS) {
    // Sorted, so that each page of the lists is written once.
    db.prepare(
      `INSERT OR IGNORE INTO agent_event_lists SELECT '${list}', ${column}, seq FROM agent_events
       WHERE seq > ? AND seq <= ? ORDER BY ${column}, seq`,
    ).run(from, upTo);
  }
  db.prepare(
    'INSERT INTO agent_events_listed VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET up_to = excluded.up_to',
  ).run(upTo);
  return waiting.length - rows.length;
}

/** Lists an event that was recorded late, among rows that are listed. */
export function listAlone(db: WriterDatabase, seq: number): void {
  for (const [column, list] of COLUMNS) {
    db.prepare(
      `INSERT OR IGNORE INTO agent_event_lists SELECT '${list}', ${column}, seq FROM agent_events WHERE seq = ?`,
    ).run(seq);
  }
}

/** Takes an event out of its lists, before its row goes. */
export function unlist(db: WriterDatabase, seq: number): void {
  for (const [column, list] of COLUMNS) {
    db.prepare(
      `DELETE FROM agent_event_lists WHERE list = '${list}' AND seq = ?
       AND name = (SELECT ${column} FROM agent_events WHERE seq = ?)`,
    ).run(seq, seq);
  }
}

/** The list in which an event would not be found, although it is old enough to be in all; undefined when it is in each. */
export function missingFrom(db: Pick<Connection, 'prepare'>, row: EventRow): string | undefined {
  const seq = row.seq as number;
  if (seq > listedUpTo(db)) return undefined;
  const listed = db.prepare('SELECT 1 FROM agent_event_lists WHERE list = ? AND name = ? AND seq = ?');
  const missing = COLUMNS.find(
    ([column, list]) => listed.get(list, row[column] as string, seq) === undefined,
  );
  return missing === undefined ? undefined : `it is not in the list of its ${missing[1]}`;
}

/** All rows of the lists, each by its list and its event's row, with whom and what they name and are of. */
export const SELECT_LISTED = `SELECT list || '/' || seq AS place, id, name, seq,
    CASE list ${COLUMNS.map(([column, list]) => `WHEN '${list}' THEN ${column}`).join(' ')} END AS is_of,
    seq > coalesce((SELECT up_to FROM agent_events_listed WHERE id = 1), -1) AS is_early
  FROM agent_event_lists LEFT JOIN agent_events USING (seq)`;

/** What of a row of a list does not go with its event, or with how far the lists go. */
export function strayFrom({ id, name, is_of: isOf, is_early: isEarly }: EventRow): string | undefined {
  if (id === null) return 'it lists an event that is not there';
  if (name !== isOf) return 'it lists an event of another';
  return isEarly === 1 ? 'it lists an event from where there are said to be no lists yet' : undefined;
}
