import { microsToCredits } from '../../domain/accounting/credits.ts';
import type { ChatId, StreamId } from '../../domain/streaming/stream-id.ts';
import type { StreamState } from '../../domain/streaming/streaming-session.ts';
import type { EndElsewhere } from '../fleet/end-elsewhere.ts';
import { PortError } from '../ports/port-error.ts';
import type { ChatRepository } from '../ports/streaming/chat-repository.ts';
import { findChat } from './chats/find-chat.ts';
import { endStream } from './engine/end-stream.ts';
import type { RunningStreams } from './engine/running-streams.ts';
import type { NamedStreams, StreamClaim } from './named-streams.ts';

/** Where a stream stands after a stop. */
export interface StoppedStream {
  readonly sessionId: ChatId;
  readonly streamingSessionId: StreamId;
  readonly state: StreamState;
  readonly tokensUsed: number;
  readonly creditsCharged: number;
}

interface Deps {
  readonly chats: ChatRepository;
  readonly named: NamedStreams;
  readonly running: RunningStreams;
  readonly elsewhere: EndElsewhere;
}

/** Stops a stream: the upstream is closed, what was produced is billed and kept. Idempotent. */
export class StopStream {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DomainError `chat.not_found`, `stream.id_mismatch`; PortError when the store is away. */
  async execute(command: StreamClaim): Promise<StoppedStream> {
    const { chats, named } = this.#deps;
    await findChat(chats, command.owner, command.chatId);
    const found = await named.find(command);
    const ended = found.isRunning ? await endStream(this.#deps, found.snapshot()) : undefined;
    const session = ended?.session ?? (found.isRunning ? await named.find(command) : found);
    if (session.isRunning) throw new PortError('timeout', 'store', 'the stream could not be sealed yet');
    const { id, chatId, state, end } = session.snapshot();
    return {
      sessionId: chatId,
      streamingSessionId: id,
      state,
      tokensUsed: (end?.inputTokens ?? 0) + (end?.outputTokens ?? 0),
      creditsCharged: microsToCredits(end?.chargeMicros ?? 0),
    };
  }
}
