import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { ChatMessage, ChatSummary } from '../../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../../domain/streaming/stream-id.ts';
import type { Transaction, WriterDatabase } from '../operation.ts';
import { insertMessage } from './insert-message.ts';

/** Stores a chat, unless its owner has as many as he may. */
export function addChat(
  db: WriterDatabase,
  input: {
    readonly chat: ChatSummary;
    readonly firstMessage: ChatMessage | undefined;
    readonly maxChats: number;
  },
): 'added' | 'limit' {
  const { chat, firstMessage, maxChats } = input;
  const { chats } = db.prepare('SELECT count(*) AS chats FROM chats WHERE owner = ?').get(chat.owner) as {
    chats: number;
  };
  if (chats >= maxChats) return 'limit';
  db.prepare(
    `INSERT INTO chats (id, owner, title, model_id, source, created_at_ms, updated_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    chat.id,
    chat.owner,
    chat.title,
    chat.modelId,
    chat.source ?? null,
    chat.createdAtMs,
    chat.updatedAtMs,
  );
  if (firstMessage !== undefined) insertMessage(db, chat.id, firstMessage);
  return 'added';
}

/** Renames an owner's chat. False when he has no such chat. */
export function renameChat(
  db: WriterDatabase,
  input: { readonly owner: UserId; readonly id: ChatId; readonly title: string; readonly nowMs: number },
): boolean {
  const { changes } = db
    .prepare('UPDATE chats SET title = ?, updated_at_ms = ? WHERE id = ? AND owner = ?')
    .run(input.title, input.nowMs, input.id, input.owner);
  return changes > 0;
}

/** Removes an owner's chat and all that hangs on it, but for what accounting is owed. */
export function removeChat(
  db: Transaction,
  {
    owner,
    id,
    audit,
  }: {
    readonly owner: UserId;
    readonly id: ChatId;
    readonly audit?: readonly AuditRecord[] | undefined;
  },
): 'removed' | 'not-found' | 'busy' {
  const found = db.prepare('SELECT 1 FROM chats WHERE id = ? AND owner = ?').get(id, owner);
  if (found === undefined) return 'not-found';
  const active = db
    .prepare(`SELECT 1 FROM streams WHERE chat_id = ? AND state IN ('opening', 'running')`)
    .get(id);
  if (active !== undefined) return 'busy';
  db.prepare('DELETE FROM stream_logs WHERE stream_id IN (SELECT id FROM streams WHERE chat_id = ?)').run(id);
  db.prepare('DELETE FROM start_keys WHERE stream_id IN (SELECT id FROM streams WHERE chat_id = ?)').run(id);
  db.prepare('DELETE FROM streams WHERE chat_id = ?').run(id);
  db.prepare('DELETE FROM messages WHERE chat_id = ?').run(id);
  db.prepare('DELETE FROM chats WHERE id = ?').run(id);
  db.audit(audit);
  return 'removed';
}
