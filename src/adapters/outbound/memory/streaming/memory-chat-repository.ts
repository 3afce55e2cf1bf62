import type { ChatRepository } from '../../../../application/ports/streaming/chat-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { ChatMessage, ChatSummary } from '../../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../../domain/streaming/stream-id.ts';
import { holdsSlot, type MemoryStreamingStore } from './memory-streaming-store.ts';

/** Chats in memory, for tests. */
export class MemoryChatRepository implements ChatRepository {
  readonly #store: MemoryStreamingStore;

  constructor(store: MemoryStreamingStore) {
    this.#store = store;
  }

  async add(
    chat: ChatSummary,
    firstMessage: ChatMessage | undefined,
    maxChats: number,
  ): Promise<'added' | 'limit'> {
    if (this.#ownedBy(chat.owner).length >= maxChats) return 'limit';
    const messages = firstMessage === undefined ? [] : [firstMessage];
    this.#store.chats.set(chat.id, { summary: chat, lastOffset: 0, messages });
    return 'added';
  }

  async find(owner: UserId, id: ChatId): Promise<ChatSummary | undefined> {
    return this.#store.chatOf(owner, id)?.summary;
  }

  async list(
    owner: UserId,
    page: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly chats: readonly ChatSummary[]; readonly total: number }> {
    const newestFirst = this.#ownedBy(owner).reverse();
    const sorted = newestFirst.toSorted((left, right) => right.updatedAtMs - left.updatedAtMs);
    return { chats: sorted.slice(page.offset, page.offset + page.limit), total: sorted.length };
  }

  async messages(id: ChatId, limit?: number): Promise<readonly ChatMessage[]> {
    const messages = this.#store.chats.get(id)?.messages ?? [];
    return messages.slice(limit === undefined ? 0 : Math.max(0, messages.length - limit));
  }

  async rename(owner: UserId, id: ChatId, title: string, nowMs: number): Promise<boolean> {
    const chat = this.#store.chatOf(owner, id);
    if (chat === undefined) return false;
    chat.summary = { ...chat.summary, title, updatedAtMs: nowMs };
    return true;
  }

  async remove(
    owner: UserId,
    id: ChatId,
    audit?: readonly AuditRecord[],
  ): Promise<'removed' | 'not-found' | 'busy'> {
    if (this.#store.chatOf(owner, id) === undefined) return 'not-found';
    const sessions = this.#store.sessionsOf(id);
    if (sessions.some(holdsSlot)) return 'busy';
    for (const session of sessions) {
      this.#store.streams.delete(session.id);
      this.#store.logs.delete(session.id);
      this.#store.dropKeysOf(session.id);
    }
    this.#store.chats.delete(id);
    this.#store.audit.add(audit);
    return 'removed';
  }

  async count(owner: UserId): Promise<number> {
    return this.#ownedBy(owner).length;
  }

  #ownedBy(owner: UserId): ChatSummary[] {
    return [...this.#store.chats.values()].map(({ summary }) => summary).filter((it) => it.owner === owner);
  }
}
