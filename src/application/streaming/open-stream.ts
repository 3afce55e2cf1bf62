import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import { sessionEvent } from '../../domain/streaming/stream-event.ts';
import { type ChatId, mintStreamId, type StreamId } from '../../domain/streaming/stream-id.ts';
import { StreamingSession, type StreamingSessionState } from '../../domain/streaming/streaming-session.ts';
import { Budget } from '../budget.ts';
import type { ThisNode } from '../fleet/this-node.ts';
import type { CreditHolds, HoldOutcome, SettlementIntent } from '../ports/accounting/credit-holds.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { Metrics } from '../ports/metrics.ts';
import { PortError } from '../ports/port-error.ts';
import type { ChatRepository } from '../ports/streaming/chat-repository.ts';
import type { CompletionModels } from '../ports/streaming/completion-model.ts';
import type { ModelCatalog } from '../ports/streaming/model-catalog.ts';
import type { StartKey, StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { Timers } from '../ports/timers.ts';
import { chatNotFound, findChat } from './chats/find-chat.ts';
import { chooseModel } from './choose-model.ts';
import type { RunningStreams } from './engine/running-streams.ts';
import { StartsUnderWay } from './engine/starts-under-way.ts';
import type { StreamReader } from './engine/stream-reader.ts';
import type { StreamReaders } from './engine/stream-readers.ts';
import type { StreamStart } from './engine/stream-runner.ts';
import type { UndoStart } from './engine/undo-start.ts';
import { MAX_PROMPT_MESSAGES, selectPrompt } from './select-prompt.ts';
import type { StreamSettings } from './stream-settings.ts';

/** How often a start looks again because another one with its key was under way. */
const MAX_ROUNDS = 32;

/** A start as a caller asks for it. */
export interface OpenStreamCommand {
  readonly owner: UserId;
  readonly chatId: ChatId;
  readonly message: string;
  readonly modelId?: string;
  /** A caller's idempotency key, scoped by the caller's route. */
  readonly key?: { readonly key: string; readonly route: string };
  /** How long the caller waits; as long as it takes when absent. */
  readonly budget?: Budget;
}

/** A stream that may be told of. */
export interface OpenedStream {
  readonly id: StreamId;
  readonly chatId: ChatId;
  readonly modelId: string;
  /** True when an earlier start with the same key made it. */
  readonly replayed: boolean;
  /** The stream from its first event on. */
  readonly events: StreamReader;
  /** Asks the model; to be called once the headers are on their way. */
  begin(): void;
}

interface Deps {
  readonly streams: StreamRepository;
  readonly chats: ChatRepository;
  readonly holds: CreditHolds;
  readonly models: CompletionModels;
  readonly catalog: ModelCatalog;
  readonly running: RunningStreams;
  readonly readers: StreamReaders;
  readonly undoStart: UndoStart;
  readonly node: ThisNode;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdSource;
  readonly digest: Digest;
  readonly metrics: Metrics;
  readonly settings: StreamSettings;
}

/**
 * Opens a stream, always in this order: claim the chat's slot → reserve the credit → activate durably. Only what this
 * has returned may be told to anybody, and only then is the model asked, so no update can be faster than the store.
 */
export class OpenStream {
  readonly #deps: Deps;
  readonly #starting: StartsUnderWay;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#starting = new StartsUnderWay(deps.timers);
  }

  /**
   * @throws DomainError `chat.not_found`, `stream.already_active`, `stream.idempotency_mismatch`,
   *   `credit.insufficient`, `stream.limit_reached`; PortError when a store is away, other nodes have undone the start
   *   because they took this one for dead, or the caller's time is spent. Nothing is left behind then.
   */
  async execute(command: OpenStreamCommand): Promise<OpenedStream> {
    const { budget = Budget.unlimited() } = command;
    let other: StreamId | undefined;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      if (this.#deps.running.isDraining)
        throw new PortError('unavailable', 'chat', 'the server is shutting down');
      budget.requireTime();
      const opened = await this.#start(command, budget, other);
      if ('opening' in opened) {
        other = opened.opening;
        continue;
      }
      budget.keep();
      return opened;
    }
    throw alreadyActive();
  }

  /** One try. `opening`: a start with the same key was under way, and may be looked for now. `seen`: that of the last try. */
  async #start(
    command: OpenStreamCommand,
    budget: Budget,
    seen?: StreamId,
  ): Promise<OpenedStream | { opening: StreamId }> {
    const nowMs = this.#deps.clock.nowMs();
    const id = mintStreamId(nowMs, this.#deps.ids.uuid());
    const told = this.#starting.begin(id);
    try {
      const claimed = await this.#claim(command, id, nowMs);
      if (claimed.kind === 'claimed') return await this.#open(claimed.session, budget);
      budget.requireTime();
      if (claimed.session.state !== 'opening') return this.#replay(claimed.session);
      const isHere = claimed.session.node === this.#deps.node.id;
      if (!(await this.#starting.wait(claimed.session, isHere, seen))) throw alreadyActive();
      return { opening: claimed.session.id };
    } finally {
      told();
    }
  }

  async #open(session: StreamingSessionState, budget: Budget): Promise<OpenedStream> {
    const { model, prompt, estimatedTokens, promptTokens } = await this.#prepare(session, budget);
    const held = await this.#reserve(session, estimatedTokens);
    await this.#takeRoom(session, budget);
    const state = StreamingSession.restore(session).activate(held.hold, promptTokens).snapshot();
    return this.#activate(state, { model, prompt, holdExpiresAtMs: held.expiresAtMs }, budget);
  }

  async #claim(
    command: OpenStreamCommand,
    id: StreamId,
    nowMs: number,
  ): Promise<{ kind: 'claimed' | 'replayed'; session: StreamingSessionState }> {
    const { streams, chats, catalog, node } = this.#deps;
    const { owner, chatId, message } = command;
    const chat = await findChat(chats, owner, chatId);
    const { firstOffset: _, ...session } = StreamingSession.open({
      id,
      owner,
      chatId,
      modelId: chooseModel(catalog, command.modelId ?? chat.modelId).id,
      node: node.id,
      firstOffset: 0,
      promptTokens: 0,
      openedAtMs: nowMs,
    }).snapshot();
    const claim = {
      session,
      message: { role: 'user' as const, content: message, timestampMs: nowMs, streamId: id },
      ...(command.key === undefined ? {} : { key: this.#startKey(command, command.key) }),
    };
    const outcome = await streams.claim(claim).catch(async (error: unknown) => {
      // Nobody else would free a slot that was taken without anybody hearing of it, as long as this node lives.
      const mayBeDone = !(error instanceof PortError && error.kind === 'unavailable');
      if (mayBeDone) await this.#deps.undoStart.execute({ session: { ...session, firstOffset: 0 } });
      throw error;
    });
    switch (outcome.kind) {
      case 'not-found':
        throw chatNotFound();
      case 'taken':
        throw alreadyActive();
      case 'key-mismatch':
        throw new DomainError(
          'stream.idempotency_mismatch',
          'This idempotency key was used with another request before',
        );
      case 'claimed':
      case 'replayed':
        return outcome;
    }
  }

  #startKey(command: OpenStreamCommand, key: { key: string; route: string }): StartKey {
    const body = JSON.stringify([command.message, command.modelId ?? null]);
    return { ...key, bodySha256: this.#deps.digest.sha256Hex(body) };
  }

  /** The same stream again, from its first event, whatever has become of it. */
  #replay(session: StreamingSessionState): OpenedStream {
    const { id, chatId, modelId, firstOffset, end } = session;
    const endOffset = end?.lastOffset;
    const cursor = firstOffset - 1;
    const events = this.#deps.readers.read({ id, cursor, ...(endOffset === undefined ? {} : { endOffset }) });
    return { id, chatId, modelId, replayed: true, events, begin: () => undefined };
  }

  /** Makes the prompt from what is stored now that the slot is this stream's. */
  async #prepare(
    session: StreamingSessionState,
    budget: Budget,
  ): Promise<Pick<StreamStart, 'model' | 'prompt'> & { estimatedTokens: number; promptTokens: number }> {
    const { chats, models, catalog } = this.#deps;
    try {
      const model = models.forModel(session.modelId);
      const messages = await chats.messages(session.chatId, MAX_PROMPT_MESSAGES);
      const prompt = selectPrompt(messages, model, catalog.find(session.modelId) ?? catalog.defaultModel);
      const promptTokens = await model.countPromptTokens(prompt);
      budget.requireTime();
      return { model, prompt, promptTokens, estimatedTokens: model.estimatePromptTokens(prompt) };
    } catch (error) {
      await this.#deps.undoStart.execute({ session });
      throw error;
    }
  }

  async #reserve(
    session: StreamingSessionState,
    estimatedTokens: number,
  ): Promise<Extract<HoldOutcome, { kind: 'held' }>> {
    const { holds, undoStart } = this.#deps;
    const { id, owner, modelId } = session;
    let outcome: HoldOutcome;
    try {
      outcome = await holds.reserve({ id, userId: owner, modelId, estimatedTokens });
    } catch (error) {
      // Only what certainly was not carried out leaves nothing to give back.
      const notDone =
        error instanceof DomainError || (error instanceof PortError && error.kind === 'unavailable');
      await undoStart.execute({ session, ...(notDone ? {} : { intent: giveBack(id) }) });
      throw wasTakenBack(error) ? undone(error) : error;
    }
    if (outcome.kind === 'held') return outcome;
    await undoStart.execute({ session });
    throw new DomainError('credit.insufficient', 'Insufficient credits for streaming session');
  }

  /** After the reserve because 402 comes before 429: a start that may still be refused for want of credit takes no room. */
  async #takeRoom(session: StreamingSessionState, budget: Budget): Promise<void> {
    const { streams, settings, undoStart } = this.#deps;
    const { maxRunningPerUser: rooms } = settings;
    try {
      if (!(await streams.takeRoom(session, rooms)))
        throw new DomainError('stream.limit_reached', `At most ${rooms} streams of one user may run at once`);
      budget.requireTime();
    } catch (error) {
      await undoStart.execute({ session, intent: giveBack(session.id) });
      throw error;
    }
  }

  async #activate(
    session: StreamingSessionState,
    start: Omit<StreamStart, 'session'>,
    budget: Budget,
  ): Promise<OpenedStream> {
    const { streams, running, readers, undoStart, metrics } = this.#deps;
    const { id, chatId, modelId, firstOffset, openedAtMs } = session;
    const first = sessionEvent(firstOffset, {
      streamingSessionId: id,
      chatSessionId: chatId,
      modelId,
      startedAt: new Date(openedAtMs).toISOString(),
    });
    let events: StreamReader;
    try {
      const activated = await streams.activate(session, first);
      if (!activated) throw undone();
      // Whoever was refused meanwhile, or finds no place among its readers, must find nothing running when he asks again.
      budget.requireTime();
      events = readers.read({ id, cursor: firstOffset - 1, first: [first] });
    } catch (error) {
      await undoStart.execute({ session, intent: giveBack(id) });
      throw error;
    }
    metrics.count('holdfast_streams_opened_total', { model: modelId });
    const runner = running.start({ session, ...start });
    return { id, chatId, modelId, replayed: false, events, begin: () => runner.begin() };
  }
}

/**
 * Whether the id is closed for holds although nobody has used it: this process stood still for so long that others took
 * the start back. The id is the server's own, so that the caller can do nothing about it but ask again.
 */
const wasTakenBack = (error: unknown): boolean =>
  error instanceof DomainError &&
  ['reservation.voided', 'reservation.closed', 'reservation.expired_id'].includes(error.code);

/** Nothing was promised and nothing is held, so that the same start may succeed in a moment, here or elsewhere. */
const undone = (cause?: unknown): PortError =>
  new PortError('unavailable', 'node', 'others took this node for dead and undid the start', { cause });

const giveBack = (id: StreamId): SettlementIntent => ({ kind: 'abort', id, tokens: 0 });

const alreadyActive = (): DomainError =>
  new DomainError('stream.already_active', 'A stream of this chat session is running already');
