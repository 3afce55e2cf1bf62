import type { SettlementIntent } from '../../../../application/ports/accounting/credit-holds.ts';
import type { JournalRow, UsageRecord } from '../../../../application/ports/accounting/reservation-ledger.ts';
import type { AuditEntry } from '../../../../application/ports/audit-log.ts';
import type {
  InspectedAccount,
  InspectedChat,
  InspectedGrant,
  InspectedLog,
  Seen,
  StorePicture,
} from '../../../../application/ports/store-inspection.ts';
import type { CreditReservationState } from '../../../../domain/accounting/credit-reservation.ts';
import type { ChainAnchor } from '../../../../domain/audit/audit-chain.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { parseEventLines } from '../../../../domain/streaming/event-lines.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../../../domain/streaming/streaming-session.ts';
import {
  ACCOUNT_COLUMNS,
  GRANT_COLUMNS,
  grantFrom,
  journalRowFrom,
  RESERVATION_COLUMNS,
  type Row,
  reservationFrom,
  sumsFrom,
  USAGE_COLUMNS,
  usageFrom,
} from '../accounting/ledger-rows.ts';
import { AUDIT_COLUMNS, auditAnchorFrom, auditEntryFrom } from '../audit/audit-rows.ts';
import type { Connection } from '../connection.ts';
import { parseEventGroups } from '../streaming/event-text.ts';
import { STREAM_COLUMNS, type StreamRow, sessionFrom } from '../streaming/stream-rows.ts';

const SELECT_RESERVATION = `SELECT ${RESERVATION_COLUMNS} FROM reservations`;
const SELECT_STREAM = `SELECT ${STREAM_COLUMNS} FROM streams`;
const SELECT_USAGE = `SELECT ${USAGE_COLUMNS} FROM usage_records`;

/** The tables of the embedded store within one read transaction. */
export class SqliteStorePicture implements StorePicture {
  readonly #db: Pick<Connection, 'prepare'>;
  /** Events of the streams that run, which lie together in groups; read at first need. */
  #running: Map<StreamId, Seen<InspectedLog>> | undefined;

  constructor(db: Pick<Connection, 'prepare'>) {
    this.#db = db;
  }

  accounts(): Iterable<Seen<InspectedAccount>> {
    return this.#each('accounts', 'user_id', `SELECT ${ACCOUNT_COLUMNS} FROM accounts`, sumsFrom);
  }

  grants(): Iterable<Seen<InspectedGrant>> {
    return this.#each('grants', 'id', `SELECT ${GRANT_COLUMNS} FROM grants`, (row) => ({
      userId: row.user_id as UserId,
      grant: grantFrom(row),
    }));
  }

  reservations(): Iterable<Seen<CreditReservationState>> {
    return this.#each('reservations', 'id', SELECT_RESERVATION, reservationFrom);
  }

  journal(): Iterable<Seen<JournalRow>> {
    const sql = 'SELECT cursor, id, entry FROM journal ORDER BY cursor';
    return this.#each('journal', 'cursor', sql, journalRowFrom);
  }

  usage(): Iterable<Seen<UsageRecord>> {
    return this.#each('usage_records', 'id', SELECT_USAGE, usageFrom);
  }

  chats(): Iterable<Seen<InspectedChat>> {
    return this.#each('chats', 'id', 'SELECT id, last_offset FROM chats', (row) => ({
      id: row.id as string,
      lastOffset: row.last_offset as number,
    }));
  }

  streams(): Iterable<Seen<StreamingSessionState>> {
    return this.#each('streams', 'id', `${SELECT_STREAM} ORDER BY chat_id, seq`, streamFrom);
  }

  intents(): Iterable<Seen<SettlementIntent>> {
    const sql = 'SELECT stream_id, intent FROM settlement_intents';
    return this.#each('settlement_intents', 'stream_id', sql, intentFrom);
  }

  auditRecords(): Iterable<Seen<AuditEntry>> {
    const sql = `SELECT ${AUDIT_COLUMNS} FROM audit_records ORDER BY cursor`;
    return this.#each('audit_records', 'cursor', sql, auditEntryFrom);
  }

  auditAnchors(): Iterable<Seen<ChainAnchor>> {
    const sql = 'SELECT chain, seq, head, at_ms, mac FROM audit_anchors ORDER BY begun';
    return this.#each('audit_anchors', 'chain', sql, auditAnchorFrom);
  }

  reservation(id: string): Seen<CreditReservationState> | undefined {
    return this.#one('reservations', `${SELECT_RESERVATION} WHERE id = ?`, id, reservationFrom);
  }

  journalRows(id: string): ReadonlyArray<Seen<JournalRow>> {
    const rows = this.#db.prepare('SELECT cursor, id, entry FROM journal WHERE id = ?').all(id) as Row[];
    return rows.map((row) => seenAs(`journal/${row.cursor}`, () => journalRowFrom(row)));
  }

  usageRecord(id: string): Seen<UsageRecord> | undefined {
    return this.#one('usage_records', `${SELECT_USAGE} WHERE id = ?`, id, usageFrom);
  }

  stream(id: string): Seen<StreamingSessionState> | undefined {
    return this.#one('streams', `${SELECT_STREAM} WHERE id = ?`, id, streamFrom);
  }

  intent(streamId: string): Seen<SettlementIntent> | undefined {
    const sql = 'SELECT stream_id, intent FROM settlement_intents WHERE stream_id = ?';
    return this.#one('settlement_intents', sql, streamId, intentFrom);
  }

  log(stream: StreamingSessionState): Seen<InspectedLog> | undefined {
    const sql = 'SELECT first_offset, last_offset, body FROM stream_logs WHERE stream_id = ?';
    const sealed = this.#one('stream_logs', sql, stream.id, (row) => ({
      events: parseEventLines(row.body as string, row.first_offset as number),
      lastOffset: row.last_offset as number,
    }));
    if (sealed !== undefined || stream.state !== 'running') return sealed;
    this.#running ??= this.#readRunning();
    return this.#running.get(stream.id);
  }

  #readRunning(): Map<StreamId, Seen<InspectedLog>> {
    const running = new Map<StreamId, StreamEvent[]>();
    const unreadable = new Map<StreamId, string>();
    for (const { id } of this.#db.prepare("SELECT id FROM streams WHERE state = 'running'").all()) {
      running.set(id as StreamId, []);
    }
    for (const row of this.#db.prepare('SELECT id, body FROM event_batches ORDER BY id').iterate()) {
      try {
        const wants = (id: StreamId): boolean => running.has(id);
        parseEventGroups(row.body as string, wants, (id, event) => running.get(id)?.push(event));
      } catch (error) {
        for (const id of running.keys()) {
          if ((row.body as string).includes(id))
            unreadable.set(id, `event_batches/${row.id}: ${said(error)}`);
        }
      }
    }
    const logs = new Map<StreamId, Seen<InspectedLog>>();
    for (const [id, events] of running) {
      const row = `event_batches/${id}`;
      const cause = unreadable.get(id);
      if (cause !== undefined) logs.set(id, { row, unreadable: cause });
      else if (events.length > 0) logs.set(id, { row, value: { events } });
    }
    return logs;
  }

  *#each<Value>(table: string, key: string, sql: string, read: (row: Row) => Value): Generator<Seen<Value>> {
    for (const row of this.#db.prepare(sql).iterate() as Iterable<Row>) {
      yield seenAs(`${table}/${row[key]}`, () => read(row));
    }
  }

  #one<Value>(table: string, sql: string, key: string, read: (row: Row) => Value): Seen<Value> | undefined {
    const row = this.#db.prepare(sql).get(key);
    return row === undefined ? undefined : seenAs(`${table}/${key}`, () => read(row));
  }
}

function seenAs<Value>(row: string, read: () => Value): Seen<Value> {
  try {
    return { row, value: read() };
  } catch (error) {
    return { row, unreadable: said(error) };
  }
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const streamFrom = (row: Row): StreamingSessionState => sessionFrom(row as unknown as StreamRow);

const intentFrom = (row: Row): SettlementIntent => JSON.parse(row.intent as string) as SettlementIntent;
