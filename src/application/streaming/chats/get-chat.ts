import type { UserId } from '../../../domain/identity/ids.ts';
import type { ChatMessage, ChatSummary } from '../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../domain/streaming/stream-id.ts';
import type { ChatRepository } from '../../ports/streaming/chat-repository.ts';
import { findChat } from './find-chat.ts';

/** A chat with its messages, oldest first. */
export interface WholeChat {
  readonly chat: ChatSummary;
  readonly messages: readonly ChatMessage[];
}

/** Reads one chat with its messages. */
export class GetChat {
  readonly #deps: { chats: ChatRepository };

  constructor(deps: { chats: ChatRepository }) {
    this.#deps = deps;
  }

  /** @throws DomainError `chat.not_found`. */
  async execute(command: { owner: UserId; chatId: ChatId }): Promise<WholeChat> {
    const { chats } = this.#deps;
    const chat = await findChat(chats, command.owner, command.chatId);
    return { chat, messages: await chats.messages(chat.id) };
  }
}
