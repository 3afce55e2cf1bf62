import type { SQLInputValue } from 'node:sqlite';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { AgentEventId } from '../../../../domain/control/agent-event-state.ts';
import { endedMark } from '../../../../domain/control/verdict-end.ts';
import { invariant } from '../../../../domain/invariant.ts';
import type { Transaction, WriterDatabase } from '../operation.ts';
import { listAlone, listedUpTo, putIntoLists, unlist } from './agent-event-lists.ts';
import {
  CHANGING_COLUMNS,
  EVENTS_OF_A_MILLISECOND,
  type EventRow,
  FIXED_COLUMNS,
  firstSeqOf,
} from './agent-event-rows.ts';

/** One event of several that are to be kept. */
export interface RecordedRow {
  readonly fixed: readonly SQLInputValue[];
  readonly changing: readonly SQLInputValue[];
  /** Where its bytes end in those of all. */
  readonly end: number;
}
export interface RecordEventsInput {
  readonly rows: readonly RecordedRow[];
  /** The bytes of all events, one after the other: views of larger buffers would cross threads with all of these. */
  readonly bytes: Uint8Array;
  readonly maxPendingReviews: number;
}
/** What became of an event: a row is that of the one which is there already. */
export type RecordAnswer = 'recorded' | 'variant' | 'reviews-full' | EventRow;

export interface PutEventInput {
  readonly id: AgentEventId;
  readonly changing: readonly SQLInputValue[];
  readonly expected: string;
  readonly audit?: readonly AuditRecord[] | undefined;
}
export interface DeliveredInput {
  readonly verdicts: ReadonlyArray<{ readonly id: AgentEventId; readonly mark: string }>;
}
/** What came, or has been due, before a moment. */
export interface SweepInput {
  readonly before: number;
  readonly limit: number;
}

/** The writes of agents' events, by name. */
export const AGENT_EVENT_OPERATIONS = {
  'control.record-events': recordEvents,
  'control.list-events': putIntoLists,
  'control.put-event': putEvent,
  'control.delivered': delivered,
  'control.lapse-verdicts': lapseVerdicts,
  'control.forget-events': forgetEvents,
};

const INSERT = `INSERT INTO agent_events (seq, ${FIXED_COLUMNS.join(', ')}, ${CHANGING_COLUMNS.join(', ')})
  VALUES (?, ${FIXED_COLUMNS.map((name) => (name === 'sha256' ? 'unhex(?)' : '?')).join(', ')},
    ${CHANGING_COLUMNS.map(() => '?').join(', ')})`;
const UPDATE = `UPDATE agent_events SET ${CHANGING_COLUMNS.map((name) => `${name} = ?`).join(', ')}
  WHERE seq >= ? AND seq < ? AND id = ? AND mark = ?`;
const KNOWN = `SELECT agent_events.*, bytes FROM agent_events JOIN agent_event_bytes USING (seq)
  WHERE event_key = ? AND owner_key = ? AND bytes_key = ? AND owner = ? AND event_id = ? AND sha256 = unhex(?)`;

/** What of an event decides whether it is kept, by the places of its values. */
interface Asked {
  readonly id: AgentEventId;
  readonly owner: string;
  readonly eventId: string;
  readonly eventKey: number;
  readonly ownerKey: number;
  readonly bytesKey: number;
  readonly sha256: string;
  readonly isAsking: boolean;
}
const PENDING_AT = CHANGING_COLUMNS.indexOf('review_status');

function askedOf({ fixed, changing }: RecordedRow): Asked {
  const [id, owner, , eventId, eventKey, ownerKey, bytesKey, sha256] = fixed;
  const isAsking = changing[PENDING_AT] === 'pending';
  return { id, owner, eventId, eventKey, ownerKey, bytesKey, sha256, isAsking } as Asked;
}

function recordEvents(
  db: Transaction,
  { rows, bytes, maxPendingReviews }: RecordEventsInput,
): RecordAnswer[] {
  const nextSeqs = new Map<number, number>();
  const listed = listedUpTo(db);
  let begin = 0;
  return rows.map((row) => {
    const own = bytes.subarray(begin, row.end);
    begin = row.end;
    const asked = askedOf(row);
    const isNamed = hasName(db, asked);
    const known = isNamed ? knownRow(db, asked) : undefined;
    if (known !== undefined) return known;
    if (asked.isAsking && pendingOf(db, asked.owner) >= maxPendingReviews) return 'reviews-full';
    const seq = takeSeq(db, asked.id, nextSeqs);
    db.prepare(INSERT).run(seq, ...row.fixed, ...row.changing);
    // An empty array is bound as NULL.
    db.prepare("INSERT INTO agent_event_bytes (seq, bytes) VALUES (?, coalesce(?, x''))").run(seq, own);
    if (seq <= listed) listAlone(db, seq);
    return isNamed ? 'variant' : 'recorded';
  });
}

/** Whether the owner has used this event id before. */
const hasName = (db: WriterDatabase, { eventKey, ownerKey, owner, eventId }: Asked): boolean =>
  db
    .prepare(
      'SELECT 1 FROM agent_events WHERE event_key = ? AND owner_key = ? AND owner = ? AND event_id = ? LIMIT 1',
    )
    .get(eventKey, ownerKey, owner, eventId) !== undefined;

const knownRow = (db: WriterDatabase, asked: Asked): EventRow | undefined =>
  db
    .prepare(KNOWN)
    .get(asked.eventKey, asked.ownerKey, asked.bytesKey, asked.owner, asked.eventId, asked.sha256);

const pendingOf = (db: WriterDatabase, owner: string): number =>
  db
    .prepare("SELECT count(*) AS pending FROM agent_events WHERE owner = ? AND review_status = 'pending'")
    .get(owner)?.pending as number;

/** The next free row of the event's millisecond; the store is asked once for each of a call. */
function takeSeq(db: WriterDatabase, id: AgentEventId, nextSeqs: Map<number, number>): number {
  const first = firstSeqOf(id);
  const seq = nextSeqs.get(first) ?? freeSeq(db, first);
  invariant(
    seq < first + EVENTS_OF_A_MILLISECOND,
    'more events came in a millisecond than can be told apart',
  );
  nextSeqs.set(first, seq + 1);
  return seq;
}

const freeSeq = (db: WriterDatabase, first: number): number =>
  db
    .prepare('SELECT coalesce(max(seq) + 1, ?) AS free FROM agent_events WHERE seq >= ? AND seq < ?')
    .get(first, first, first + EVENTS_OF_A_MILLISECOND)?.free as number;

function putEvent(db: Transaction, { id, changing, expected, audit }: PutEventInput): 'stored' | 'outdated' {
  const first = firstSeqOf(id);
  const { changes } = db
    .prepare(UPDATE)
    .run(...changing, first, first + EVENTS_OF_A_MILLISECOND, id, expected);
  if (changes === 0) return 'outdated';
  db.audit(audit);
  return 'stored';
}

function delivered(db: WriterDatabase, { verdicts }: DeliveredInput): void {
  const update = db.prepare(
    `UPDATE agent_events SET delivery = 'delivered', mark = ?
     WHERE seq >= ? AND seq < ? AND id = ? AND mark = ? AND delivery = 'due'`,
  );
  for (const { id, mark } of verdicts) {
    const first = firstSeqOf(id);
    update.run(endedMark(mark, 'delivered'), first, first + EVENTS_OF_A_MILLISECOND, id, mark);
  }
}

function lapseVerdicts(db: WriterDatabase, { before, limit }: SweepInput): number {
  const late = db
    .prepare(
      "SELECT seq, mark FROM agent_events WHERE delivery = 'due' AND due_since_ms < ? ORDER BY due_since_ms LIMIT ?",
    )
    .all(before, limit);
  const update = db.prepare("UPDATE agent_events SET delivery = 'lapsed', mark = ? WHERE seq = ?");
  for (const { seq, mark } of late) update.run(endedMark(mark as string, 'lapsed'), seq as number);
  return late.length;
}

function forgetEvents(db: WriterDatabase, { before, limit }: SweepInput): number {
  const old = db
    .prepare(
      "SELECT seq FROM agent_events WHERE seq < ? AND review_status IS NOT 'pending' ORDER BY seq LIMIT ?",
    )
    .all(before, limit);
  for (const { seq } of old) {
    unlist(db, seq as number);
    db.prepare('DELETE FROM agent_events WHERE seq = ?').run(seq as number);
    db.prepare('DELETE FROM agent_event_bytes WHERE seq = ?').run(seq as number);
  }
  return old.length;
}
