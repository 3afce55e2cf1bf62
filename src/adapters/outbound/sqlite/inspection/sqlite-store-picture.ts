import type { SettlementIntent } from '../../../../application/ports/accounting/credit-holds.ts';
import type { JournalRow, UsageRecord } from '../../../../application/ports/accounting/reservation-ledger.ts';
import type { AuditEntry } from '../../../../application/ports/audit-log.ts';
import type {
  Found,
  IdentityPicture,
  InspectedAccount,
  InspectedChat,
  InspectedGrant,
  InspectedLog,
  InspectedMessage,
  Page,
  Seen,
  StorePicture,
} from '../../../../application/ports/store-inspection.ts';
import type { CreditReservationState } from '../../../../domain/accounting/credit-reservation.ts';
import type { ChainAnchor } from '../../../../domain/audit/audit-chain.ts';
import type { AgentEventState } from '../../../../domain/control/agent-event-state.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { parseEventLines } from '../../../../domain/streaming/event-lines.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../../../domain/streaming/stream-id.ts';
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
import { missingFrom, SELECT_LISTED, strayFrom } from '../control/agent-event-lists.ts';
import { amissOf, type EventRow, stateFrom } from '../control/agent-event-rows.ts';
import { parseEventGroups } from '../streaming/event-text.ts';
import {
  type MessageRow,
  messageFrom,
  STREAM_COLUMNS,
  type StreamRow,
  sessionFrom,
} from '../streaming/stream-rows.ts';
import { ExaminedTables, said, seenAs } from './examined-tables.ts';
import { SqliteIdentityPicture } from './sqlite-identity-picture.ts';

const SELECT_RESERVATION = `SELECT ${RESERVATION_COLUMNS} FROM reservations`;
const SELECT_CHAT = 'SELECT id, owner, last_offset FROM chats';
const SELECT_STREAM = `SELECT ${STREAM_COLUMNS} FROM streams`;
const SELECT_USAGE = `SELECT ${USAGE_COLUMNS} FROM usage_records`;
const SELECT_INTENT = 'SELECT stream_id, intent FROM settlement_intents';
const SELECT_LOG = 'SELECT first_offset, last_offset, body FROM stream_logs WHERE stream_id = ?';

/** Streams that are looked at together: their logs are in memory then. */
const STREAMS_AT_ONCE = 50;
/** Agents' events that are looked at together, with their bytes. */
const AGENT_EVENTS_AT_ONCE = 16;

/** The tables of the embedded store within one read transaction. */
export class SqliteStorePicture implements StorePicture {
  readonly identity: IdentityPicture;
  readonly #db: Pick<Connection, 'prepare'>;
  readonly #tables: ExaminedTables;
  /** Events of the streams that run, which lie together in groups; read at first need. */
  #running: Map<StreamId, Seen<InspectedLog>> | undefined;

  constructor(db: Pick<Connection, 'prepare'>) {
    this.#db = db;
    this.#tables = new ExaminedTables(db);
    this.identity = new SqliteIdentityPicture(this.#tables);
  }

  accounts(): AsyncIterable<Page<InspectedAccount>> {
    return this.#tables.each('accounts', 'user_id', `SELECT ${ACCOUNT_COLUMNS} FROM accounts`, sumsFrom);
  }

  grants(): AsyncIterable<Page<InspectedGrant>> {
    return this.#tables.each('grants', 'id', `SELECT ${GRANT_COLUMNS} FROM grants`, (row) => ({
      userId: row.user_id as UserId,
      grant: grantFrom(row),
    }));
  }

  reservations(): AsyncIterable<Page<CreditReservationState>> {
    return this.#tables.each('reservations', 'id', SELECT_RESERVATION, reservationFrom);
  }

  journal(): AsyncIterable<Page<JournalRow>> {
    const sql = 'SELECT cursor, id, entry FROM journal ORDER BY cursor';
    return this.#tables.each('journal', 'cursor', sql, journalRowFrom);
  }

  usage(): AsyncIterable<Page<UsageRecord>> {
    return this.#tables.each('usage_records', 'id', SELECT_USAGE, usageFrom);
  }

  chats(): AsyncIterable<Page<InspectedChat>> {
    return this.#tables.each('chats', 'id', SELECT_CHAT, chatFrom);
  }

  streams(): AsyncIterable<Page<StreamingSessionState>> {
    const sql = `${SELECT_STREAM} ORDER BY chat_id, seq`;
    return this.#tables.each('streams', 'id', sql, streamFrom, STREAMS_AT_ONCE);
  }

  messages(): AsyncIterable<Page<InspectedMessage>> {
    return this.#tables.each('messages', 'seq', 'SELECT * FROM messages', inspectedMessage);
  }

  intents(): AsyncIterable<Page<SettlementIntent>> {
    return this.#tables.each('settlement_intents', 'stream_id', SELECT_INTENT, intentFrom);
  }

  agentEvents(): AsyncIterable<Page<AgentEventState>> {
    const sql = `SELECT agent_events.*, bytes FROM agent_events LEFT JOIN agent_event_bytes USING (seq) ORDER BY seq`;
    const amiss = (row: EventRow) => amissOf(row) ?? missingFrom(this.#db, row);
    return this.#tables.each('agent_events', 'id', sql, stateFrom, AGENT_EVENTS_AT_ONCE, amiss);
  }

  listedAgentEvents(): AsyncIterable<Page<string>> {
    const read = (row: Row) => row.place as string;
    return this.#tables.each('agent_event_lists', 'place', SELECT_LISTED, read, undefined, strayFrom);
  }

  auditRecords(): AsyncIterable<Page<AuditEntry>> {
    const sql = `SELECT ${AUDIT_COLUMNS} FROM audit_records ORDER BY cursor`;
    return this.#tables.each('audit_records', 'cursor', sql, auditEntryFrom);
  }

  auditAnchors(): AsyncIterable<Page<ChainAnchor>> {
    const sql = 'SELECT chain, seq, head, at_ms, mac FROM audit_anchors ORDER BY begun';
    return this.#tables.each('audit_anchors', 'chain', sql, auditAnchorFrom);
  }

  async reservationsOf(ids: readonly string[]): Promise<Found<Seen<CreditReservationState>>> {
    return this.#tables.of('reservations', `${SELECT_RESERVATION} WHERE id = ?`, ids, reservationFrom);
  }

  async journalRowsOf(ids: readonly string[]): Promise<Found<Page<JournalRow>>> {
    const byId = this.#db.prepare('SELECT cursor, id, entry FROM journal WHERE id = ?');
    const found = new Map<string, Page<JournalRow>>();
    for (const id of ids) {
      const rows = byId.all(id) as Row[];
      if (rows.length === 0) continue;
      found.set(
        id,
        rows.map((row) => seenAs(`journal/${row.cursor}`, () => journalRowFrom(row))),
      );
    }
    return found;
  }

  async usageRecordsOf(ids: readonly string[]): Promise<Found<Seen<UsageRecord>>> {
    return this.#tables.of('usage_records', `${SELECT_USAGE} WHERE id = ?`, ids, usageFrom);
  }

  async chatsOf(ids: readonly string[]): Promise<Found<Seen<InspectedChat>>> {
    return this.#tables.of('chats', `${SELECT_CHAT} WHERE id = ?`, ids, chatFrom);
  }

  /** While a stream has its chat's slot nothing else is added to the chat: its answer stands next to its question. */
  async messagesOf(streams: readonly StreamingSessionState[]): Promise<Found<Page<InspectedMessage>>> {
    const fromQuestion = this.#db.prepare(
      `SELECT * FROM messages WHERE chat_id = ? AND seq >= (SELECT message_seq FROM streams WHERE id = ?)
       ORDER BY seq LIMIT 2`,
    );
    const found = new Map<string, Page<InspectedMessage>>();
    for (const { id, chatId } of streams) {
      const rows = (fromQuestion.all(chatId, id) as Row[]).filter((row) => row.stream_id === id);
      found.set(
        id,
        rows.map((row) => seenAs(`messages/${row.seq}`, () => inspectedMessage(row))),
      );
    }
    return found;
  }

  async streamsOf(ids: readonly string[]): Promise<Found<Seen<StreamingSessionState>>> {
    return this.#tables.of('streams', `${SELECT_STREAM} WHERE id = ?`, ids, streamFrom);
  }

  async intentsOf(streamIds: readonly string[]): Promise<Found<Seen<SettlementIntent>>> {
    return this.#tables.of(
      'settlement_intents',
      `${SELECT_INTENT} WHERE stream_id = ?`,
      streamIds,
      intentFrom,
    );
  }

  async logsOf(streams: readonly StreamingSessionState[]): Promise<Found<Seen<InspectedLog>>> {
    const ids = streams.map(({ id }) => id);
    const logs = this.#tables.of<InspectedLog>('stream_logs', SELECT_LOG, ids, (row) => ({
      events: parseEventLines(row.body as string, row.first_offset as number),
      lastOffset: row.last_offset as number,
    }));
    for (const { id, state } of streams) {
      if (state !== 'running' || logs.has(id)) continue;
      this.#running ??= this.#readRunning();
      const running = this.#running.get(id);
      if (running !== undefined) logs.set(id, running);
    }
    return logs;
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
}

const chatFrom = (row: Row): InspectedChat => ({
  id: row.id as string,
  owner: row.owner as UserId,
  lastOffset: row.last_offset as number,
});

const inspectedMessage = (row: Row): InspectedMessage => ({
  chatId: row.chat_id as ChatId,
  message: messageFrom(row as unknown as MessageRow),
});

const streamFrom = (row: Row): StreamingSessionState => sessionFrom(row as unknown as StreamRow);

function intentFrom(row: Row): SettlementIntent {
  const intent = JSON.parse(row.intent as string) as SettlementIntent | null;
  if (typeof intent?.id !== 'string') throw new Error('it names no stream');
  return intent;
}
