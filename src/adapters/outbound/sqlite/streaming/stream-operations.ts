import type { SettlementIntent } from '../../../../application/ports/accounting/credit-holds.ts';
import type { ClaimOutcome, StartKey } from '../../../../application/ports/streaming/stream-repository.ts';
import type { ChatMessage } from '../../../../domain/streaming/chat-session.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { StreamingSessionState, StreamState } from '../../../../domain/streaming/streaming-session.ts';
import type { WriterDatabase } from '../operation.ts';
import { insertMessage } from './insert-message.ts';
import { jsonOrNull, STREAM_COLUMNS, type StreamRow, sessionFrom } from './stream-rows.ts';

/** What claims a chat's slot. */
export interface Claim {
  readonly session: Omit<StreamingSessionState, 'firstOffset'>;
  readonly message: ChatMessage;
  readonly key?: StartKey;
}

/** Takes the chat's slot, or says why not. */
export function claim(db: WriterDatabase, { session, message, key }: Claim): ClaimOutcome {
  const { id, owner, chatId } = session;
  const chat = db.prepare('SELECT last_offset FROM chats WHERE id = ? AND owner = ?').get(chatId, owner) as
    | { last_offset: number }
    | undefined;
  if (chat === undefined) return { kind: 'not-found' };
  if (key !== undefined) {
    const used = usedKey(db, session, key);
    if (used !== undefined) return used;
  }
  const taken = db
    .prepare(`SELECT 1 FROM streams WHERE chat_id = ? AND state IN ('opening', 'running')`)
    .get(chatId);
  if (taken !== undefined) return { kind: 'taken' };
  const firstOffset = chat.last_offset + 1;
  const messageSeq = insertMessage(db, chatId, message);
  db.prepare(
    `INSERT INTO streams (id, owner, chat_id, model_id, state, first_offset, prompt_tokens, opened_at_ms, node,
       message_seq)
     VALUES (?, ?, ?, ?, 'opening', ?, ?, ?, ?, ?)`,
  ).run(
    id,
    owner,
    chatId,
    session.modelId,
    firstOffset,
    session.promptTokens,
    session.openedAtMs,
    session.node,
    messageSeq,
  );
  db.prepare('UPDATE chats SET updated_at_ms = ? WHERE id = ?').run(message.timestampMs, chatId);
  if (key !== undefined) {
    db.prepare(
      `INSERT INTO start_keys (owner, route, chat_id, key, body_sha256, stream_id) VALUES (?, ?, ?, ?, ?, ?)`,
    ).run(owner, key.route, chatId, key.key, key.bodySha256, id);
  }
  return { kind: 'claimed', session: { ...session, firstOffset } };
}

function usedKey(
  db: WriterDatabase,
  { owner, chatId }: Claim['session'],
  key: StartKey,
): ClaimOutcome | undefined {
  const stored = db
    .prepare(
      'SELECT body_sha256, stream_id FROM start_keys WHERE owner = ? AND route = ? AND chat_id = ? AND key = ?',
    )
    .get(owner, key.route, chatId, key.key) as { body_sha256: string; stream_id: string } | undefined;
  if (stored === undefined) return undefined;
  if (stored.body_sha256 !== key.bodySha256) return { kind: 'key-mismatch' };
  const row = db.prepare(`SELECT ${STREAM_COLUMNS} FROM streams WHERE id = ?`).get(stored.stream_id);
  return { kind: 'replayed', session: sessionFrom(row as unknown as StreamRow) };
}

/** `opening → running`, with the group of events that holds the stream's first one. */
export function activate(
  db: WriterDatabase,
  input: { readonly session: StreamingSessionState; readonly batchId: number; readonly body: string },
): boolean {
  const { id, hold, promptTokens } = input.session;
  const { changes } = db
    .prepare(
      `UPDATE streams SET state = 'running', hold = ?, prompt_tokens = ? WHERE id = ? AND state = 'opening'`,
    )
    .run(jsonOrNull(hold), promptTokens, id);
  if (changes === 0) return false;
  db.prepare('INSERT INTO event_batches (id, body) VALUES (?, ?)').run(input.batchId, input.body);
  return true;
}

/** Undoes a claim, and stores what accounting must hear. */
export function abandon(
  db: WriterDatabase,
  { id, intent }: { readonly id: StreamId; readonly intent?: SettlementIntent },
): void {
  const removed = db
    .prepare(`DELETE FROM streams WHERE id = ? AND state = 'opening' RETURNING message_seq`)
    .get(id) as { message_seq: number } | undefined;
  if (removed === undefined) return;
  db.prepare('DELETE FROM messages WHERE seq = ?').run(removed.message_seq);
  db.prepare('DELETE FROM start_keys WHERE stream_id = ?').run(id);
  if (intent !== undefined) insertIntent(db, intent);
}

/** Stores that a running stream is to be stopped. False when it is not running. */
export function wishStop(db: WriterDatabase, id: StreamId): boolean {
  const { changes } = db
    .prepare(`UPDATE streams SET stop_wished = 1 WHERE id = ? AND state = 'running'`)
    .run(id);
  return changes > 0;
}

/** A sealed stream, as it crosses to the writer: its whole log is one text. */
export interface SealInput {
  readonly session: StreamingSessionState;
  readonly intent: SettlementIntent;
  readonly message?: ChatMessage;
  readonly log: string;
}

/** Ends a running stream. False when it is not running any more. */
export function seal(db: WriterDatabase, { session, intent, message, log }: SealInput): boolean {
  const { id, chatId, state, end, firstOffset } = session;
  const { changes } = db
    .prepare(`UPDATE streams SET state = ?, ending = ?, ended_at_ms = ?, stop_wished = 0
       WHERE id = ? AND state = 'running'`)
    .run(state, jsonOrNull(end), end?.endedAtMs ?? null, id);
  if (changes === 0 || end === undefined) return false;
  db.prepare('INSERT INTO stream_logs (stream_id, first_offset, last_offset, body) VALUES (?, ?, ?, ?)').run(
    id,
    firstOffset,
    end.lastOffset,
    log,
  );
  db.prepare('UPDATE chats SET last_offset = ?, updated_at_ms = max(updated_at_ms, ?) WHERE id = ?').run(
    end.lastOffset,
    end.endedAtMs,
    chatId,
  );
  if (message !== undefined) insertMessage(db, chatId, message);
  insertIntent(db, intent);
  return true;
}

/** Stores an accepted receipt, if the stream is still in the state it was accepted in. */
export function accept(
  db: WriterDatabase,
  input: { readonly session: StreamingSessionState; readonly expected: StreamState },
): boolean {
  const { id, state, receipt } = input.session;
  const { changes } = db
    .prepare('UPDATE streams SET state = ?, receipt = ? WHERE id = ? AND state = ?')
    .run(state, jsonOrNull(receipt), id, input.expected);
  return changes > 0;
}

/** Forgets an intent that accounting has acknowledged. */
export function acknowledgeIntent(db: WriterDatabase, id: StreamId): void {
  db.prepare('DELETE FROM settlement_intents WHERE stream_id = ?').run(id);
}

/** Makes tombstones of streams that ended long ago. Returns how many. */
export function expireEnded(
  db: WriterDatabase,
  { endedBeforeMs, limit }: { readonly endedBeforeMs: number; readonly limit: number },
): number {
  const due = db
    .prepare(
      `SELECT id FROM streams
       WHERE state IN ('finished', 'stopped', 'failed', 'interrupted', 'accepted') AND ended_at_ms < ?
         AND NOT EXISTS (SELECT 1 FROM settlement_intents WHERE stream_id = streams.id)
       ORDER BY ended_at_ms LIMIT ?`,
    )
    .all(endedBeforeMs, limit) as unknown as ReadonlyArray<{ id: string }>;
  for (const { id } of due) {
    db.prepare(`UPDATE streams SET state = 'expired' WHERE id = ?`).run(id);
    db.prepare('DELETE FROM stream_logs WHERE stream_id = ?').run(id);
    db.prepare('DELETE FROM start_keys WHERE stream_id = ?').run(id);
  }
  return due.length;
}

/** The first intent of a stream stays: a stream ends once. */
function insertIntent(db: WriterDatabase, intent: SettlementIntent): void {
  db.prepare('INSERT INTO settlement_intents (stream_id, intent) VALUES (?, ?) ON CONFLICT DO NOTHING').run(
    intent.id,
    JSON.stringify(intent),
  );
}
