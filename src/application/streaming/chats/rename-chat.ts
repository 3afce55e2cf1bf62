import type { UserId } from '../../../domain/identity/ids.ts';
import type { ChatSummary } from '../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../domain/streaming/stream-id.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ChatRepository } from '../../ports/streaming/chat-repository.ts';
import { chatNotFound, findChat } from './find-chat.ts';

/** Gives a chat another title. */
export class RenameChat {
  readonly #deps: { chats: ChatRepository; clock: Clock };

  constructor(deps: { chats: ChatRepository; clock: Clock }) {
    this.#deps = deps;
  }

  /** @throws DomainError `chat.not_found`. */
  async execute(command: { owner: UserId; chatId: ChatId; title: string }): Promise<ChatSummary> {
    const { chats, clock } = this.#deps;
    const { owner, chatId, title } = command;
    if (!(await chats.rename(owner, chatId, title, clock.nowMs()))) throw chatNotFound();
    return findChat(chats, owner, chatId);
  }
}
