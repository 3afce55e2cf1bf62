import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import type { ChatMessage, ChatSummary } from '../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../domain/streaming/stream-id.ts';

/**
 * Keeps chats and their messages. Reads and writes of a user's chat name its owner and find nothing when it is
 * not his, in the same query.
 *
 * Messages of streams are written by `StreamRepository`, in the same write as the stream they belong to.
 */
export interface ChatRepository {
  /** Stores a chat, with its first message if it has one. Durable. `limit`: the owner has `maxChats` already. */
  add(chat: ChatSummary, firstMessage: ChatMessage | undefined, maxChats: number): Promise<'added' | 'limit'>;
  find(owner: UserId, id: ChatId): Promise<ChatSummary | undefined>;
  /** A page of an owner's chats, last changed first. */
  list(
    owner: UserId,
    page: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly chats: readonly ChatSummary[]; readonly total: number }>;
  /** A chat's messages, oldest first; the newest `limit` of them when given. */
  messages(id: ChatId, limit?: number): Promise<readonly ChatMessage[]>;
  /** Renames. False when the chat is not there or not the owner's. */
  rename(owner: UserId, id: ChatId, title: string, nowMs: number): Promise<boolean>;
  /**
   * Removes a chat with its messages, streams, events and idempotency keys, for good. `busy` while a stream of
   * it is opening or running: stop it first. Settlement intents stay. `audit` is stored with the removal.
   */
  remove(
    owner: UserId,
    id: ChatId,
    audit?: readonly AuditRecord[],
  ): Promise<'removed' | 'not-found' | 'busy'>;
  /** How many chats a user has. */
  count(owner: UserId): Promise<number>;
}
