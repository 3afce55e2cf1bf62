import { DomainError } from '../../../domain/domain-error.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import {
  type ChatMessage,
  type ChatSummary,
  DEFAULT_TITLE,
  MAX_CHATS_PER_USER,
} from '../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../domain/streaming/stream-id.ts';
import type { Clock } from '../../ports/clock.ts';
import type { IdSource } from '../../ports/id-source.ts';
import type { ChatRepository } from '../../ports/streaming/chat-repository.ts';
import type { ModelCatalog } from '../../ports/streaming/model-catalog.ts';
import { chooseModel } from '../choose-model.ts';

interface Deps {
  readonly chats: ChatRepository;
  readonly catalog: ModelCatalog;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** Makes a chat; a first message is stored and not answered. */
export class CreateChat {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DomainError `chat.limit_reached`. */
  async execute(command: {
    owner: UserId;
    title?: string;
    initialMessage?: string;
    modelId?: string;
    source?: string;
  }): Promise<ChatSummary> {
    const { chats, catalog, clock, ids } = this.#deps;
    const nowMs = clock.nowMs();
    const chat: ChatSummary = {
      id: ids.uuid() as ChatId,
      owner: command.owner,
      title: command.title ?? DEFAULT_TITLE,
      modelId: chooseModel(catalog, command.modelId).id,
      ...(command.source === undefined ? {} : { source: command.source }),
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    };
    const first: ChatMessage | undefined =
      command.initialMessage === undefined
        ? undefined
        : { role: 'user', content: command.initialMessage, timestampMs: nowMs };
    if ((await chats.add(chat, first, MAX_CHATS_PER_USER)) === 'limit') {
      throw new DomainError(
        'chat.limit_reached',
        `A user may have at most ${MAX_CHATS_PER_USER} chat sessions`,
      );
    }
    return chat;
  }
}
