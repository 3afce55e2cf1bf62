import type { UserId } from '../../../domain/identity/ids.ts';
import type { ChatSummary } from '../../../domain/streaming/chat-session.ts';
import type { ChatRepository } from '../../ports/streaming/chat-repository.ts';

/** Lists a user's chats, last changed first. */
export class ListChats {
  readonly #deps: { chats: ChatRepository };

  constructor(deps: { chats: ChatRepository }) {
    this.#deps = deps;
  }

  /** @param command `page` counts from 1. */
  execute(command: {
    owner: UserId;
    page: number;
    limit: number;
  }): Promise<{ readonly chats: readonly ChatSummary[]; readonly total: number }> {
    const { owner, page, limit } = command;
    return this.#deps.chats.list(owner, { offset: (page - 1) * limit, limit });
  }
}
