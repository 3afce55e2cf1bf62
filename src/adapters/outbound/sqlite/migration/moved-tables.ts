import type {
  Moved,
  MovedAccount,
  MovedLogin,
  MovedPage,
  MovedStream,
  MovedTable,
} from '../../../../application/ports/store-migration.ts';
import type { ChatId } from '../../../../domain/streaming/stream-id.ts';
import type { StreamEnd } from '../../../../domain/streaming/streaming-session.ts';
import {
  grantFrom,
  journalRowFrom,
  type Row,
  reservationFrom,
  sumsFrom,
  usageFrom,
} from '../accounting/ledger-rows.ts';
import { alertFrom } from '../alerts/alert-rows.ts';
import { auditAnchorFrom, auditEntryFrom } from '../audit/audit-rows.ts';
import type { Connection } from '../connection.ts';
import { stateFrom } from '../control/agent-event-rows.ts';
import { inventoryFrom } from '../control/mcp-rows.ts';
import { apiKeyFrom } from '../identity/api-key-rows.ts';
import { sessionFrom as loginFrom, signingKeyFrom, userFrom } from '../identity/identity-rows.ts';
import { revocationFrom } from '../identity/sqlite-revocation-log.ts';
import { subscriberFrom } from '../multiplexing/subscriber-rows.ts';
import {
  type ChatRow,
  chatFrom,
  type MessageRow,
  messageFrom,
  type StreamRow,
  sessionFrom as streamFrom,
} from '../streaming/stream-rows.ts';

/** The reading connection. */
type Database = Pick<Connection, 'prepare'>;

/** Rows that are read together; of streams fewer, since they come with their logs. */
const ROWS_AT_ONCE = 500;
const STREAMS_AT_ONCE = 50;
/** Agents' events that are read together: each may have a whole conversation in it. */
const AGENT_EVENTS_AT_ONCE = 16;

/** How a table is gone through: by a key that is unique and does not change. */
interface Source<Table extends MovedTable> {
  readonly table: string;
  readonly key: string;
  readonly read: (row: Row, db: Database) => Moved[Table];
  readonly atOnce?: number;
}

const SOURCES: { readonly [Table in MovedTable]: Source<Table> } = {
  users: { table: 'users', key: 'id', read: userFrom },
  logins: { table: 'login_sessions', key: 'id', read: movedLogin },
  apiKeys: { table: 'api_keys', key: 'id', read: apiKeyFrom },
  signingKeys: { table: 'signing_keys', key: 'kid', read: signingKeyFrom },
  revocations: { table: 'revocations', key: 'sequence', read: revocationFrom },
  chats: {
    table: 'chats',
    key: 'seq',
    read: (row) => ({
      chat: chatFrom(row as unknown as ChatRow),
      lastOffset: row.last_offset as number,
    }),
  },
  messages: { table: 'messages', key: 'seq', read: movedMessage },
  streams: { table: 'streams', key: 'seq', read: movedStream, atOnce: STREAMS_AT_ONCE },
  intents: {
    table: 'settlement_intents',
    key: 'seq',
    read: (row) => JSON.parse(row.intent as string) as Moved['intents'],
  },
  accounts: { table: 'accounts', key: 'user_id', read: movedAccount },
  grants: {
    table: 'grants',
    key: 'id',
    read: (row) => ({ userId: row.user_id as Moved['grants']['userId'], grant: grantFrom(row) }),
  },
  reservations: { table: 'reservations', key: 'id', read: reservationFrom },
  journal: { table: 'journal', key: 'cursor', read: journalRowFrom },
  usage: { table: 'usage_records', key: 'id', read: usageFrom },
  auditRecords: { table: 'audit_records', key: 'cursor', read: auditEntryFrom },
  auditAnchors: { table: 'audit_anchors', key: 'chain', read: auditAnchorFrom },
  subscribers: { table: 'subscribers', key: 'id', read: (row) => subscriberFrom(row as never) },
  alerts: { table: 'alerts', key: 'seq', read: (row) => alertFrom(row as never) },
  agentEvents: { table: 'agent_events', key: 'seq', read: movedEvent, atOnce: AGENT_EVENTS_AT_ONCE },
  policyBooks: {
    table: 'policy_book',
    key: 'id',
    read: (row) => JSON.parse(row.book as string) as Moved['policyBooks'],
  },
  inventories: { table: 'mcp_inventories', key: 'id', read: inventoryFrom },
};

/** Tables whose rows move with those of another. */
export const MOVED_ALONG: readonly string[] = [
  'refresh_tokens',
  'start_keys',
  'stream_logs',
  'agent_event_bytes',
];

/**
 * Tables that stay: tickets live for half a minute, batches hold the events of streams that run, the time that a store
 * has seen is that of its own clock, and the lists of agents' events are indexes elsewhere.
 */
export const LEFT_BEHIND: readonly string[] = [
  'tickets',
  'event_batches',
  'clock_mark',
  'agent_event_lists',
  'agent_events_listed',
  'sqlite_sequence',
];

/** The tables that are gone through. */
export const GONE_THROUGH: readonly string[] = Object.values(SOURCES).map(({ table }) => table);

/** The rows of a table after a key. */
export function movedPage<Table extends MovedTable>(
  db: Database,
  name: Table,
  after: string | number | undefined,
): MovedPage<Table> {
  const { table, key, read, atOnce = ROWS_AT_ONCE }: Source<Table> = SOURCES[name];
  const where = after === undefined ? '' : ` WHERE ${key} > ?`;
  const values = after === undefined ? [] : [after];
  const found = db
    .prepare(`SELECT * FROM ${table}${where} ORDER BY ${key} LIMIT ${atOnce}`)
    .all(...values) as Row[];
  return {
    rows: found.map((row) => read(row, db)),
    after: (found.at(-1)?.[key] as string | number | undefined) ?? after,
  };
}

/** How many rows a table has. */
export const countOf = (db: Database, name: MovedTable): number =>
  Number(db.prepare(`SELECT count(*) AS rows FROM ${SOURCES[name].table}`).get()?.rows);

function movedLogin(row: Row, db: Database): MovedLogin {
  const tokens = db
    .prepare('SELECT sha256, spent FROM refresh_tokens WHERE session_id = ? ORDER BY sha256')
    .all(row.id as string)
    .map(({ sha256, spent }) => ({ sha256: sha256 as string, isSpent: spent === 1 }));
  const cookieSha256 = row.cookie_sha256 as string | null;
  return { session: loginFrom(row), ...(cookieSha256 === null ? {} : { cookieSha256 }), tokens };
}

function movedMessage(row: Row, db: Database): Moved['messages'] {
  const message = messageFrom(row as unknown as MessageRow);
  const chatId = row.chat_id as ChatId;
  if (message.streamId === undefined) return { chatId, place: 0, message };
  const stream = db.prepare('SELECT first_offset, ending FROM streams WHERE id = ?').get(message.streamId);
  if (stream === undefined) throw new Error(`The stream ${message.streamId} of a message is not there.`);
  const place =
    message.role === 'user'
      ? (stream.first_offset as number)
      : (JSON.parse(stream.ending as string) as StreamEnd).lastOffset;
  return { chatId, place, message };
}

function movedEvent(row: Row, db: Database): Moved['agentEvents'] {
  const found = db.prepare('SELECT bytes FROM agent_event_bytes WHERE seq = ?').get(row.seq as number);
  if (found === undefined) throw new Error(`The bytes of the agent's event ${row.id} are not there.`);
  return stateFrom({ ...row, bytes: found.bytes });
}

function movedStream(row: Row, db: Database): MovedStream {
  const session = streamFrom(row as unknown as StreamRow);
  const log = db.prepare('SELECT first_offset, body FROM stream_logs WHERE stream_id = ?').get(session.id);
  const key = db
    .prepare('SELECT route, key, body_sha256 FROM start_keys WHERE stream_id = ?')
    .get(session.id);
  return {
    session,
    ...(key === undefined
      ? {}
      : {
          startKey: {
            key: key.key as string,
            route: key.route as string,
            bodySha256: key.body_sha256 as string,
          },
        }),
    ...(log === undefined
      ? {}
      : { log: { firstOffset: log.first_offset as number, lines: log.body as string } }),
  };
}

function movedAccount(row: Row, db: Database): MovedAccount {
  const { user_id: userId } = row;
  const holds = (
    db
      .prepare("SELECT * FROM reservations WHERE user_id = ? AND state = 'open'")
      .all(userId as string) as Row[]
  ).map(reservationFrom);
  const shared = new Set(holds.flatMap(({ parts }) => parts.map(({ grantId }) => grantId)));
  const grants = (db.prepare('SELECT * FROM grants WHERE user_id = ?').all(userId as string) as Row[])
    .map(grantFrom)
    .filter(({ id, remainingMicros }) => remainingMicros > 0 || shared.has(id));
  return {
    account: { ...sumsFrom(row), grants },
    holds,
    scales: JSON.parse(row.estimate_scales as string) as Record<string, number>,
  };
}
