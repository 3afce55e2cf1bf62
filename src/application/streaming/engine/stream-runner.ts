import { DomainError } from '../../../domain/domain-error.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import { MAX_TRANSCRIPT_BYTES } from '../../../domain/streaming/chat-session.ts';
import type { ChatId, StreamId } from '../../../domain/streaming/stream-id.ts';
import { StreamingSession, type StreamingSessionState } from '../../../domain/streaming/streaming-session.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type {
  CompletionModel,
  CompletionPart,
  PromptMessage,
} from '../../ports/streaming/completion-model.ts';
import type { Seal } from '../../ports/streaming/stream-repository.ts';
import type { StreamSettings } from '../stream-settings.ts';
import { buildSeal, type Ending } from './build-seal.ts';
import { EventWriter } from './event-writer.ts';
import { type EndOutcome, StreamCloser, type StreamCloserDeps } from './stream-closer.ts';
import type { StreamPresence } from './stream-presence.ts';
import { cutToBytes, utf8Length, WholeCharacters } from './whole-characters.ts';

/** A hold is renewed when this part of its life has passed. */
const RENEWALS_PER_LIFE = 3;

/** What every runner works with. */
export interface StreamRunnerDeps extends StreamCloserDeps {
  readonly metrics: Metrics;
  readonly presence: StreamPresence;
  readonly settings: StreamSettings;
}

/** A stream that is stored as running and whose model has not been asked yet. */
export interface StreamStart {
  readonly session: StreamingSessionState;
  readonly model: CompletionModel;
  readonly prompt: readonly PromptMessage[];
  readonly holdExpiresAtMs: number;
}

/**
 * Drives one running stream, whoever reads it: asks the model, meters and stores what it says, keeps the hold alive,
 * and ends the stream once, honestly. Everything that ends it goes through {@link end}; the first cause wins.
 */
export class StreamRunner {
  readonly id: StreamId;
  readonly owner: UserId;
  readonly chatId: ChatId;
  readonly #deps: StreamRunnerDeps;
  readonly #start: StreamStart;
  readonly #session: StreamingSession;
  readonly #maxOutputTokens: number;
  readonly #writer: EventWriter;
  readonly #closer: StreamCloser;
  readonly #characters = new WholeCharacters();
  readonly #upstream = new AbortController();
  readonly #activatedAtMs: number;
  readonly #outcome = Promise.withResolvers<EndOutcome>();
  readonly #closed = Promise.withResolvers<void>();
  #lastSeenMs: number;
  #holdExpiresAtMs: number;
  #holdLifeMs: number;
  #extending = false;
  #begun = false;
  #ending: Ending | undefined;
  #outputTokens = 0;
  #transcriptBytes = 0;

  constructor(deps: StreamRunnerDeps, start: StreamStart) {
    const { id, owner, chatId, firstOffset, hold } = start.session;
    this.id = id;
    this.owner = owner;
    this.chatId = chatId;
    this.#deps = deps;
    this.#start = start;
    this.#session = StreamingSession.restore(start.session);
    this.#maxOutputTokens = hold?.maxOutputTokens ?? 0;
    this.#writer = new EventWriter(deps, id, firstOffset + 1, () => this.end({ kind: 'interrupt' }));
    this.#closer = new StreamCloser(deps, start.session);
    this.#activatedAtMs = deps.clock.nowMs();
    this.#lastSeenMs = this.#activatedAtMs;
    this.#holdExpiresAtMs = start.holdExpiresAtMs;
    this.#holdLifeMs = start.holdExpiresAtMs - this.#activatedAtMs;
  }

  /** The stored transcript so far: what a client can have read. */
  get transcript(): string {
    return this.#writer.storedText;
  }

  /** Offset of the last stored event that is no end. */
  get lastOffset(): number {
    return this.#writer.lastOffset;
  }

  /** How the stream ended, once it is known to its callers; never rejects. */
  get outcome(): Promise<EndOutcome> {
    return this.#outcome.promise;
  }

  /** Resolves when nothing of this stream is left to do here. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Asks the model. To be called once the response's headers could be sent. */
  begin(): void {
    if (this.#begun || this.#ending !== undefined) return;
    const { presence, settings, clock } = this.#deps;
    if (
      settings.readerlessDeadlineMs === 0 &&
      presence.progressedAtMs(this.id, clock.nowMs()) === undefined
    ) {
      this.end({ kind: 'stop', reason: 'deadline' });
      return;
    }
    this.#begun = true;
    this.#lastSeenMs = this.#deps.clock.nowMs();
    void this.#pull();
  }

  /**
   * Ends the stream: the upstream's socket is closed at once, then what was produced is sealed and settled.
   *
   * @returns whether this call is the one that ended it.
   */
  end(ending: Ending): boolean {
    if (this.#ending !== undefined) return false;
    this.#ending = ending;
    this.#upstream.abort(new Error('the stream has ended'));
    this.#close(ending).catch((error: unknown) => this.#giveUp(error));
    return true;
  }

  /** Ends the stream here because it is not this node's any more: nothing more is written, and its readers come back elsewhere. */
  lose(): void {
    this.#writer.lose();
  }

  /** A reader has gone and nobody is left: with a deadline of 0 that ends the stream. */
  lastReaderLeft(): void {
    this.#lastSeenMs = this.#deps.clock.nowMs();
    if (!this.#begun || this.#deps.settings.readerlessDeadlineMs !== 0) return;
    const looked = this.#deps.presence.lookElsewhere();
    if (looked === undefined) this.#endDeserted();
    else void looked.then(() => this.#endDeserted());
  }

  /** Where nobody needs to be waited for, the stream ends with its last reader. */
  #endDeserted(): void {
    const { presence, clock } = this.#deps;
    if (presence.progressedAtMs(this.id, clock.nowMs()) === undefined)
      this.end({ kind: 'stop', reason: 'deadline' });
  }

  /** Looks at everything that time alone can change. */
  tick(nowMs: number): void {
    this.#writer.tick(nowMs);
    if (this.#ending !== undefined) return;
    const { presence, settings } = this.#deps;
    const seenMs = presence.progressedAtMs(this.id, nowMs);
    if (seenMs !== undefined) this.#lastSeenMs = Math.max(this.#lastSeenMs, seenMs);
    const unseenMs = nowMs - this.#lastSeenMs;
    const tooOld = nowMs - this.#activatedAtMs >= settings.maxDurationMs;
    if (tooOld || (settings.readerlessDeadlineMs > 0 && unseenMs >= settings.readerlessDeadlineMs)) {
      this.end({ kind: 'stop', reason: 'deadline' });
      return;
    }
    if (settings.readerlessDeadlineMs === 0 && this.#begun && seenMs === undefined) {
      this.end({ kind: 'stop', reason: 'deadline' });
      return;
    }
    this.#keepHold(nowMs);
  }

  #keepHold(nowMs: number): void {
    if (nowMs >= this.#holdExpiresAtMs) {
      this.end({ kind: 'interrupt' });
      return;
    }
    const renewFromMs = this.#holdExpiresAtMs - this.#holdLifeMs * (1 - 1 / RENEWALS_PER_LIFE);
    if (this.#extending || nowMs < renewFromMs) return;
    this.#extending = true;
    void this.#extend(nowMs).finally(() => {
      this.#extending = false;
    });
  }

  async #extend(nowMs: number): Promise<void> {
    const { holds, log } = this.#deps;
    const tokens = this.#begun ? this.#start.session.promptTokens + this.#outputTokens : 0;
    try {
      if ((await holds.extend(this.id, tokens)) === 'closed') this.end({ kind: 'interrupt' });
      else this.#holdExpiresAtMs = nowMs + this.#holdLifeMs;
    } catch (error) {
      log.warn({ streamId: this.id, err: error }, 'a hold could not be renewed yet');
    }
  }

  async #pull(): Promise<void> {
    const { model, prompt, session } = this.#start;
    try {
      const parts = model.stream({
        modelId: session.modelId,
        messages: prompt,
        maxOutputTokens: this.#maxOutputTokens,
        signal: this.#upstream.signal,
      });
      for await (const part of parts) {
        if (this.#ending !== undefined || !this.#take(part)) return;
        if (this.#writer.isFull) await this.#writer.room();
      }
      this.end({ kind: 'fail', code: 'model.failed', message: 'The model broke off' });
    } catch (error) {
      if (this.#ending === undefined) this.end(this.#failure(error));
    }
  }

  /** Takes one part of the answer. False when the stream has ended with it. */
  #take(part: CompletionPart): boolean {
    if (part.kind === 'end') {
      const reason = part.finishReason === 'length' ? this.#lengthReason() : 'stop';
      this.end({ kind: 'finish', reason, ...(part.usage === undefined ? {} : { usage: part.usage }) });
      return false;
    }
    if (this.#outputTokens >= this.#maxOutputTokens) {
      this.end({ kind: 'finish', reason: this.#lengthReason() });
      return false;
    }
    this.#outputTokens = Math.min(this.#maxOutputTokens, this.#outputTokens + part.tokens);
    if (this.#say(this.#characters.push(part.text))) return true;
    this.end({ kind: 'finish', reason: 'length' });
    return false;
  }

  /** Writes text as far as the transcript may grow. False when it was cut. */
  #say(text: string): boolean {
    if (text === '') return true;
    const bytes = utf8Length(text);
    const room = MAX_TRANSCRIPT_BYTES - this.#transcriptBytes;
    const said = bytes <= room ? text : cutToBytes(text, room);
    this.#transcriptBytes += bytes <= room ? bytes : utf8Length(said);
    if (said !== '') this.#writer.add(said, this.#outputTokens);
    return bytes <= room;
  }

  #lengthReason(): 'length' | 'credit' {
    return this.#start.session.hold?.limitedBy === 'credit' ? 'credit' : 'length';
  }

  #failure(error: unknown): Ending {
    const { log } = this.#deps;
    if (error instanceof DomainError) {
      log.warn({ streamId: this.id, code: error.code, ...error.details.internal }, 'the model failed');
      return { kind: 'fail', code: error.code, message: error.message };
    }
    log.error({ streamId: this.id, err: error }, 'the model failed unexpectedly');
    return { kind: 'fail', code: 'model.failed', message: 'The model failed' };
  }

  async #close(ending: Ending): Promise<void> {
    this.#say(this.#characters.flush());
    await this.#writer.drained();
    const tell = (outcome: EndOutcome): void => {
      const state = outcome.kind === 'sealed' ? outcome.session.state : outcome.kind;
      this.#deps.metrics.count('holdfast_streams_ended_total', { state });
      this.#outcome.resolve(outcome);
    };
    await this.#closer.close(this.#writer.fault ?? (() => this.#seal(ending)), tell);
    this.#closed.resolve();
  }

  /** A mistake of our own at the end of a stream must not take the others down: recovery seals it at the next start. */
  #giveUp(error: unknown): void {
    this.#deps.log.error({ streamId: this.id, err: error }, 'a stream could not be closed');
    this.#deps.tail.disconnect(this.id);
    this.#outcome.resolve({ kind: 'stalled' });
    this.#closed.resolve();
  }

  #seal(ending: Ending): Seal {
    const { clock, digest } = this.#deps;
    const produced = {
      text: this.#writer.storedText,
      outputTokens: this.#outputTokens,
      lastOffset: this.#writer.lastOffset,
      upstreamCalled: this.#begun,
    };
    return buildSeal(this.#session, ending, produced, { nowMs: clock.nowMs(), digest });
  }
}
