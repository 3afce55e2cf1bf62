import { microsToCredits } from '../../domain/accounting/credits.ts';
import type { ChatId, StreamId } from '../../domain/streaming/stream-id.ts';
import type {
  Receipt,
  ReceivedUpdate,
  StreamingSession,
  UpdateDecision,
} from '../../domain/streaming/streaming-session.ts';
import type { EndElsewhere } from '../fleet/end-elsewhere.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { Log } from '../ports/log.ts';
import { PortError } from '../ports/port-error.ts';
import type { ChatRepository } from '../ports/streaming/chat-repository.ts';
import type { EventLog } from '../ports/streaming/event-log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import { findChat } from './chats/find-chat.ts';
import { endStream } from './engine/end-stream.ts';
import { summariseLog } from './engine/read-log.ts';
import type { RunningStreams } from './engine/running-streams.ts';
import type { NamedStreams, StreamClaim } from './named-streams.ts';
import { readUpdateBody, type UpdateBody } from './read-update-body.ts';

/** How often the table is asked again because the stream changed its state meanwhile. */
const MAX_ROUNDS = 5;

/** An update as it came, nothing of it believed. */
export interface AcceptUpdateCommand extends StreamClaim {
  readonly completeResponse: unknown;
  readonly tokensUsed: unknown;
}

/** The receipt's answer. */
export interface AcceptedUpdate {
  readonly sessionId: ChatId;
  readonly streamingSessionId: StreamId;
  /** The server's own count. */
  readonly tokensUsed: number;
  readonly creditsCharged: number;
  readonly receipt: Receipt['kind'];
  /** Code points that the client says it received; told when they are not all. */
  readonly receivedCharacters?: number;
  /** True when the same update was accepted before. */
  readonly replayed: boolean;
}

interface Deps {
  readonly chats: ChatRepository;
  readonly streams: StreamRepository;
  readonly eventLog: EventLog;
  readonly named: NamedStreams;
  readonly running: RunningStreams;
  readonly elsewhere: EndElsewhere;
  readonly clock: Clock;
  readonly digest: Digest;
  readonly log: Log;
}

/**
 * Takes the client's receipt by the table of the update. The server's transcript and metering are the truth; the
 * receipt changes what is recorded, never what is billed.
 */
export class AcceptUpdate {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * @throws DomainError, in the order of the checks: `chat.not_found`, `stream.id_mismatch`, `request.invalid`,
   *   `stream.text_mismatch`, `stream.receipt_conflict`; PortError when the store is away.
   */
  async execute(command: AcceptUpdateCommand): Promise<AcceptedUpdate> {
    const { chats, named, digest } = this.#deps;
    await findChat(chats, command.owner, command.chatId);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const session = await named.find(command);
      const body = readUpdateBody(command);
      const update: ReceivedUpdate = {
        text: body.text,
        bodySha256: digest.sha256Hex(JSON.stringify([body.text, body.tokensUsed ?? null])),
      };
      const decision = await this.#decide(session, update);
      if (decision !== 'changed') return this.#answer(decision, body);
    }
    throw new PortError('timeout', 'store', 'the streaming session kept changing or is being recovered');
  }

  /** Asks the table for the state that was found, and stores what it says if that is still the state. */
  async #decide(
    session: StreamingSession,
    update: ReceivedUpdate,
  ): Promise<Exclude<UpdateDecision, { kind: 'stop-first' }> | 'changed'> {
    const { clock, running } = this.#deps;
    const runner = session.isRunning ? running.find(session.id) : undefined;
    const transcript =
      runner?.transcript ?? (await summariseLog(this.#deps.eventLog, session.snapshot())).text;
    const decision = session.receive(update, transcript, clock.nowMs());
    if (decision.kind === 'replayed') return decision;
    if (decision.kind === 'accepted') return this.#store(decision, session);
    return this.#stop(session, update);
  }

  async #stop(
    running: StreamingSession,
    update: ReceivedUpdate,
  ): Promise<Exclude<UpdateDecision, { kind: 'stop-first' }> | 'changed'> {
    const ended = await endStream(this.#deps, running.snapshot());
    if (ended?.session === undefined || !ended.stoppedNow) return 'changed';
    const decision = ended.session.receiveAfterStop(update, this.#deps.clock.nowMs());
    return decision.kind === 'accepted' ? this.#store(decision, ended.session) : 'changed';
  }

  async #store(
    decision: Extract<UpdateDecision, { kind: 'accepted' }>,
    before: StreamingSession,
  ): Promise<typeof decision | 'changed'> {
    const stored = await this.#deps.streams.accept(decision.session.snapshot(), before.state);
    return stored ? decision : 'changed';
  }

  #answer(decision: Exclude<UpdateDecision, { kind: 'stop-first' }>, body: UpdateBody): AcceptedUpdate {
    const { id, chatId, end } = decision.session.snapshot();
    const tokensUsed = (end?.inputTokens ?? 0) + (end?.outputTokens ?? 0);
    if (
      body.tokensUsed !== undefined &&
      body.tokensUsed !== tokensUsed &&
      body.tokensUsed !== end?.outputTokens
    ) {
      this.#deps.log.warn(
        { streamId: id, clientTokens: body.tokensUsed, tokensUsed },
        'a client counted other tokens than the server',
      );
    }
    const { kind, receivedCharacters } = decision.receipt;
    return {
      sessionId: chatId,
      streamingSessionId: id,
      tokensUsed,
      creditsCharged: microsToCredits(end?.chargeMicros ?? 0),
      receipt: kind,
      ...(kind === 'partial' ? { receivedCharacters } : {}),
      replayed: decision.kind === 'replayed',
    };
  }
}
