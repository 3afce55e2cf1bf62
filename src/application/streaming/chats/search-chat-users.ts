import type { UserId } from '../../../domain/identity/ids.ts';
import type { PrincipalDirectory } from '../../ports/identity/principal-directory.ts';
import type { ChatRepository } from '../../ports/streaming/chat-repository.ts';

/** A user as a search shows him. */
export interface FoundUser {
  readonly userId: UserId;
  readonly username: string;
  readonly sessionCount: number;
}

/** Finds users by name or email, with the number of their chats. */
export class SearchChatUsers {
  readonly #deps: { directory: PrincipalDirectory; chats: ChatRepository };

  constructor(deps: { directory: PrincipalDirectory; chats: ChatRepository }) {
    this.#deps = deps;
  }

  async execute(command: {
    query: string;
    page: number;
    limit: number;
  }): Promise<{ readonly users: readonly FoundUser[]; readonly total: number }> {
    const { directory, chats } = this.#deps;
    const { query, page, limit } = command;
    const { entries, total } = await directory.search(query, { offset: (page - 1) * limit, limit });
    const users = await Promise.all(
      entries.map(async ({ userId, username }) => ({
        userId,
        username,
        sessionCount: await chats.count(userId),
      })),
    );
    return { users, total };
  }
}
