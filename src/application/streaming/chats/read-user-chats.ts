import { DomainError } from '../../../domain/domain-error.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import type { ChatSummary } from '../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../domain/streaming/stream-id.ts';
import type { AuditTrail } from '../../ports/audit-trail.ts';
import type { PrincipalDirectory } from '../../ports/identity/principal-directory.ts';
import type { GetChat, WholeChat } from './get-chat.ts';
import type { ListChats } from './list-chats.ts';

interface Deps {
  readonly directory: PrincipalDirectory;
  readonly listChats: ListChats;
  readonly getChat: GetChat;
  readonly audit: AuditTrail;
}

/** Lets a supervisor read another user's chats; every read is audited, before anything is shown. */
export class ReadUserChats {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A page of the chats of a user, named by id or username. @throws DomainError `user.not_found`. */
  async execute(command: {
    reader: UserId;
    user: string;
    page: number;
    limit: number;
    requestId: string;
  }): Promise<{ readonly chats: readonly ChatSummary[]; readonly total: number }> {
    const owner = await this.#resolve(command.user);
    const { page, limit } = command;
    const found = await this.#deps.listChats.execute({ owner, page, limit });
    await this.#record(command, owner);
    return found;
  }

  /** One chat of a user with its messages. @throws DomainError `user.not_found`, `chat.not_found`. */
  async one(command: {
    reader: UserId;
    user: string;
    chatId: ChatId;
    requestId: string;
  }): Promise<WholeChat> {
    const owner = await this.#resolve(command.user);
    const found = await this.#deps.getChat.execute({ owner, chatId: command.chatId });
    await this.#record(command, command.chatId);
    return found;
  }

  async #resolve(user: string): Promise<UserId> {
    const entry = await this.#deps.directory.resolve(user);
    if (entry === undefined) throw new DomainError('user.not_found', 'There is no such user');
    return entry.userId;
  }

  #record({ reader, requestId }: { reader: UserId; requestId: string }, object: string): Promise<void> {
    return this.#deps.audit.act({ act: 'chat.read_any', outcome: 'done', actor: reader, object, requestId });
  }
}
