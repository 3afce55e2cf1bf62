import type { AuditActor, AuditRecord } from '../../../domain/audit/audit-record.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import type { ChatId } from '../../../domain/streaming/stream-id.ts';
import type { EndElsewhere } from '../../fleet/end-elsewhere.ts';
import type { ChatRepository } from '../../ports/streaming/chat-repository.ts';
import type { StreamRepository } from '../../ports/streaming/stream-repository.ts';
import type { Timers } from '../../ports/timers.ts';
import { endStream } from '../engine/end-stream.ts';
import type { RunningStreams } from '../engine/running-streams.ts';
import { chatNotFound } from './find-chat.ts';

/** How often a chat that is busy is tried again. */
const MAX_TRIES = 20;
/** Rest between two tries, for a start that is under way, in milliseconds. */
const TRY_AGAIN_MS = 50;

interface Deps {
  readonly chats: ChatRepository;
  readonly streams: StreamRepository;
  readonly running: RunningStreams;
  readonly elsewhere: EndElsewhere;
  readonly timers: Timers;
}

/** Removes a chat for good; a running stream is stopped and settled first. */
export class DeleteChat {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DomainError `chat.not_found`; `stream.already_active` when its stream cannot be stopped in time. */
  async execute(command: {
    owner: UserId;
    chatId: ChatId;
    actor?: AuditActor;
    requestId?: string;
  }): Promise<void> {
    const { chats, timers } = this.#deps;
    const record: AuditRecord = {
      act: 'chat.deleted',
      outcome: 'done',
      actor: command.actor ?? command.owner,
      object: command.chatId,
      ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
    };
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const outcome = await chats.remove(command.owner, command.chatId, [record]);
      if (outcome === 'removed') return;
      if (outcome === 'not-found') throw chatNotFound();
      await this.#stop(command.chatId);
      if (attempt > 0) await timers.sleep(TRY_AGAIN_MS);
    }
    throw new DomainError('stream.already_active', 'A stream of this chat session could not be stopped yet');
  }

  async #stop(chatId: ChatId): Promise<void> {
    const latest = await this.#deps.streams.latestOf(chatId);
    if (latest?.state === 'running') await endStream(this.#deps, latest);
  }
}
