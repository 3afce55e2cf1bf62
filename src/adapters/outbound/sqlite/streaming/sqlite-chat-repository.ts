import type { ChatRepository } from '../../../../application/ports/streaming/chat-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { ChatMessage, ChatSummary } from '../../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../../domain/streaming/stream-id.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { CHAT_COLUMNS, type ChatRow, chatFrom, type MessageRow, messageFrom } from './stream-rows.ts';

/** SQLite's word for no limit. */
const NO_LIMIT = -1;

/** Chats and messages in SQLite. */
export class SqliteChatRepository implements ChatRepository {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  add(
    chat: ChatSummary,
    firstMessage: ChatMessage | undefined,
    maxChats: number,
  ): Promise<'added' | 'limit'> {
    return this.#store.write('streaming.add-chat', { chat, firstMessage, maxChats }, 'full');
  }

  find(owner: UserId, id: ChatId): Promise<ChatSummary | undefined> {
    return this.#store.read((db) => {
      const row = db.prepare(`SELECT ${CHAT_COLUMNS} FROM chats WHERE id = ? AND owner = ?`).get(id, owner);
      return row === undefined ? undefined : chatFrom(row as unknown as ChatRow);
    });
  }

  list(
    owner: UserId,
    page: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly chats: readonly ChatSummary[]; readonly total: number }> {
    return this.#store.read((db) => {
      const rows = db
        .prepare(
          `SELECT ${CHAT_COLUMNS} FROM chats WHERE owner = ? ORDER BY updated_at_ms DESC, seq DESC LIMIT ? OFFSET ?`,
        )
        .all(owner, page.limit, page.offset) as unknown as readonly ChatRow[];
      const { total } = db.prepare('SELECT count(*) AS total FROM chats WHERE owner = ?').get(owner) as {
        total: number;
      };
      return { chats: rows.map(chatFrom), total };
    });
  }

  messages(id: ChatId, limit?: number): Promise<readonly ChatMessage[]> {
    return this.#store.read((db) => {
      const rows = db
        .prepare(
          `SELECT role, content, timestamp_ms, stream_id, stream_state FROM messages
           WHERE chat_id = ? ORDER BY seq DESC LIMIT ?`,
        )
        .all(id, limit ?? NO_LIMIT) as unknown as readonly MessageRow[];
      return rows.map(messageFrom).reverse();
    });
  }

  rename(owner: UserId, id: ChatId, title: string, nowMs: number): Promise<boolean> {
    return this.#store.write('streaming.rename-chat', { owner, id, title, nowMs }, 'full');
  }

  remove(
    owner: UserId,
    id: ChatId,
    audit?: readonly AuditRecord[],
  ): Promise<'removed' | 'not-found' | 'busy'> {
    return this.#store.write('streaming.remove-chat', { owner, id, audit }, 'full');
  }

  async count(owner: UserId): Promise<number> {
    return (await this.list(owner, { offset: 0, limit: 0 })).total;
  }
}
