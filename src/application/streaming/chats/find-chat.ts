import { DomainError } from '../../../domain/domain-error.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import type { ChatSummary } from '../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../domain/streaming/stream-id.ts';
import type { ChatRepository } from '../../ports/streaming/chat-repository.ts';

/** The one refusal for a chat that is not there and for one that is not the caller's. */
export const chatNotFound = (): DomainError =>
  new DomainError('chat.not_found', 'There is no such chat session');

/** A caller's chat. @throws DomainError `chat.not_found`. */
export async function findChat(chats: ChatRepository, owner: UserId, id: ChatId): Promise<ChatSummary> {
  const chat = await chats.find(owner, id);
  if (chat === undefined) throw chatNotFound();
  return chat;
}
