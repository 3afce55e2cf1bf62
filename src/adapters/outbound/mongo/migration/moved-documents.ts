import { ObjectId } from 'mongodb';
import type { AuditEntry } from '../../../../application/ports/audit-log.ts';
import type {
  Moved,
  MovedAccount,
  MovedLogin,
  MovedStream,
  MovedTable,
} from '../../../../application/ports/store-migration.ts';
import { NOBODY } from '../../../../domain/accounting/credit-reservation.ts';
import {
  ACCOUNTS,
  type AccountDocument,
  emptyDocument,
  GRANTS,
  JOURNAL,
  keyOf,
  RESERVATIONS,
  USAGE,
} from '../accounting/ledger-documents.ts';
import { ALERTS, alertDocument } from '../alerts/alert-documents.ts';
import { AUDIT_ANCHORS, AUDIT_LOG, type LogDocument } from '../audit/audit-documents.ts';
import {
  AGENT_EVENTS,
  eventDocument,
  inventoryDocument,
  MCP_INVENTORIES,
  POLICY_BOOKS,
  policyDocument,
} from '../control/control-documents.ts';
import {
  API_KEYS,
  apiKeyDocument,
  LOGIN_SESSIONS,
  namesOf,
  REFRESH_TOKENS,
  REVOCATION_HEADS,
  REVOCATIONS,
  type SessionDocument,
  SIGNING_KEYS,
  sessionDocument,
  USER_NAMES,
  USERS,
} from '../identity/identity-documents.ts';
import { HEAD } from '../identity/revocation-appender.ts';
import { documentOf, SUBSCRIBERS } from '../multiplexing/subscriber-documents.ts';
import {
  batchKey,
  CHATS,
  EVENT_BATCHES,
  INTENTS,
  MESSAGES,
  STREAMS,
  type StreamDocument,
} from '../streaming/streaming-documents.ts';

/** Entries of the audit log that one document may have. */
const MAX_AUDIT_ENTRIES = 256;
/** Events that one batch of a log may have. */
const MAX_BATCH_EVENTS = 1_000;

/** A document with the collection that it belongs to. */
export type Placed = readonly [collection: string, document: object];

/**
 * Makes the documents of rows. `numbered` is how many documents of this table have a number already: those of a log count
 * on, and the same rows after the same number give the same documents.
 */
type Maker<Table extends MovedTable> = (rows: ReadonlyArray<Moved[Table]>, numbered: number) => Placed[];

/** The documents of every table. */
export const MAKERS: { readonly [Table in MovedTable]: Maker<Table> } = {
  users: (rows) =>
    rows.flatMap((user): Placed[] => {
      const { id: _id, ...rest } = user;
      const names = namesOf(user).map((name): Placed => [USER_NAMES, { _id: name, userId: _id }]);
      return [...names, [USERS, { _id, ...rest, marks: [] }]];
    }),
  logins: (rows) => rows.flatMap(loginDocuments),
  apiKeys: (rows) =>
    rows.map((key): Placed => {
      const { open, ...document } = apiKeyDocument(key);
      const { revokedAtMs } = key;
      return [
        API_KEYS,
        revokedAtMs === undefined ? { ...document, open } : { ...document, endsAtMs: revokedAtMs },
      ];
    }),
  signingKeys: (rows, numbered) =>
    rows.map((key, place): Placed => [SIGNING_KEYS, { _id: numbered + place + 1, ...key }]),
  revocations: (rows) => rows.map(({ sequence: _id, ...rest }): Placed => [REVOCATIONS, { _id, ...rest }]),
  chats: (rows) =>
    rows.map(({ chat: { id: _id, ...chat }, lastOffset }): Placed => [CHATS, { _id, ...chat, lastOffset }]),
  messages: (rows) =>
    rows.map(({ chatId, place, message }): Placed => [MESSAGES, { chatId, place, ...message }]),
  streams: (rows) => rows.flatMap(streamDocuments),
  intents: (rows) => rows.map((intent): Placed => [INTENTS, { _id: intent.id, intent }]),
  accounts: (rows) => rows.map((row): Placed => [ACCOUNTS, accountDocument(row)]),
  grants: (rows) =>
    // Whatever an account will tell of a grant is later than this.
    rows.map(({ userId, grant }): Placed => [GRANTS, { _id: grant.id, userId, grant, seq: 0 }]),
  reservations: (rows) =>
    rows.map((hold): Placed => {
      const { id: _id, userId, openedAtMs, state } = hold;
      const claim = { _id, userId, openedAtMs };
      const isHeld = state === 'open' || userId === NOBODY;
      return [RESERVATIONS, isHeld ? claim : { ...claim, closed: hold }];
    }),
  journal: (rows, numbered) =>
    rows.length === 0 ? [] : [[JOURNAL, { _id: numbered + 1, entries: rows.map(({ entry }) => entry) }]],
  usage: (rows) => rows.map(({ id: _id, ...record }): Placed => [USAGE, { _id, ...record }]),
  auditRecords: (rows, numbered) =>
    chainsOf(rows).map((entries, place): Placed => [AUDIT_LOG, logDocument(numbered + place + 1, entries)]),
  auditAnchors: (rows) =>
    rows.map(({ head, atMs, mac }): Placed => {
      return [AUDIT_ANCHORS, { _id: head.chain, seq: head.seq, head: head.mac, atMs, mac }];
    }),
  subscribers: (rows) => rows.map((state): Placed => [SUBSCRIBERS, documentOf(state)]),
  alerts: (rows) => rows.map((alert): Placed => [ALERTS, alertDocument(alert, [])]),
  agentEvents: (rows) => rows.map((state): Placed => [AGENT_EVENTS, eventDocument(state, new ObjectId())]),
  policyBooks: (rows) => rows.map((book): Placed => [POLICY_BOOKS, policyDocument(book, new ObjectId())]),
  inventories: (rows) =>
    rows.map((inventory): Placed => [MCP_INVENTORIES, inventoryDocument(inventory, new ObjectId())]),
};

/** The collections of a table whose documents have numbers. */
export const NUMBERED: Partial<Record<MovedTable, string>> = {
  signingKeys: SIGNING_KEYS,
  journal: JOURNAL,
  auditRecords: AUDIT_LOG,
};

/** What tells how far the revocation log reaches. */
export function revocationHead(
  revocations: ReadonlyArray<Pick<Moved['revocations'], 'sequence' | 'atMs'>>,
): Placed[] {
  const [first, last] = [revocations[0], revocations.at(-1)];
  if (first === undefined || last === undefined) return [];
  const head = { head: last.sequence, atMs: last.atMs, floor: first.sequence - 1 };
  return [[REVOCATION_HEADS, { _id: HEAD, ...head }]];
}

function loginDocuments({ session, cookieSha256, tokens }: MovedLogin): Placed[] {
  const { open, ...document } = sessionDocument(session, cookieSha256 === undefined ? {} : { cookieSha256 });
  const usable = tokens.find(({ isSpent }) => !isSpent)?.sha256;
  const stored: SessionDocument = {
    ...document,
    ...(session.endedAtMs === undefined && open === true ? { open } : {}),
    ...(usable === undefined ? {} : { refreshSha256: usable }),
  };
  const families = tokens.map(
    ({ sha256 }): Placed => [REFRESH_TOKENS, { _id: sha256, sessionId: session.id }],
  );
  return [...families, [LOGIN_SESSIONS, stored]];
}

function accountDocument({ account, holds, scales }: MovedAccount): AccountDocument {
  const { userId, grants, ...sums } = account;
  const lapsing = grants.filter(({ remainingMicros }) => remainingMicros > 0);
  const firstOf = (rows: ReadonlyArray<{ readonly expiresAtMs: number }>): number | null =>
    rows.length === 0 ? null : Math.min(...rows.map(({ expiresAtMs }) => expiresAtMs));
  return {
    ...emptyDocument(userId),
    // The version 0 is the one of an account that is not stored.
    version: 1,
    sums,
    grants: Object.fromEntries(grants.map((grant) => [keyOf(grant.id), grant])),
    holds: Object.fromEntries(holds.map((hold) => [keyOf(hold.id), hold])),
    scales: Object.fromEntries(Object.entries(scales).map(([model, scale]) => [keyOf(model), scale])),
    nextDueAtMs: firstOf(holds),
    nextLapseAtMs: firstOf(lapsing),
  };
}

/** The first event lies in the stream's own document, the last in a batch of its own, which ends the log. */
function streamDocuments({ session, startKey, log }: MovedStream): Placed[] {
  const { id, ...facts } = session;
  const [first, ...lines] = log === undefined ? [] : log.lines.split('\n').filter((line) => line !== '');
  const document: StreamDocument = {
    _id: id,
    ...facts,
    ...(first === undefined ? {} : { first: `${first}\n` }),
    ...(session.end === undefined || session.state === 'expired' ? {} : { endedAtMs: session.end.endedAtMs }),
    ...(startKey === undefined ? {} : { startKey }),
  };
  const placed: Placed[] = [];
  for (let from = 0; from < lines.length; ) {
    const rest = lines.length - 1 - from;
    const some = lines.slice(from, from + Math.max(1, Math.min(MAX_BATCH_EVENTS, rest)));
    const offset = (log?.firstOffset ?? 0) + 1 + from;
    from += some.length;
    const batch = {
      _id: batchKey(id, offset),
      lines: some.map((line) => `${line}\n`).join(''),
      lastOffset: offset + some.length - 1,
      writer: new ObjectId(),
      ...(from === lines.length ? { end: true } : {}),
    };
    placed.push([EVENT_BATCHES, batch]);
  }
  return [...placed, [STREAMS, document]];
}

/** Records that stand together and are of one chain, in lists that fit a document. */
function chainsOf(records: readonly AuditEntry[]): AuditEntry[][] {
  const lists: AuditEntry[][] = [];
  for (const record of records) {
    const list = lists.at(-1);
    if (list !== undefined && list[0]?.chain === record.chain && list.length < MAX_AUDIT_ENTRIES)
      list.push(record);
    else lists.push([record]);
  }
  return lists;
}

function logDocument(_id: number, records: readonly AuditEntry[]): LogDocument {
  const [{ chain, seq } = { chain: '', seq: 0 }] = records;
  const entries = records.map(({ atMs, text, mac, seq: place }) => ({
    id: `${chain}.${place}`,
    atMs,
    text,
    mac,
  }));
  return { _id, chain, seq, entries };
}
