import { type CreditMicros, chargeFor, micros, ZERO } from '../accounting/credits.ts';
import { DomainError } from '../domain-error.ts';
import type { UserId } from '../identity/ids.ts';
import { idMismatch } from './claimed-id.ts';
import { countCharacters } from './count-characters.ts';
import type { NodeId } from './node-id.ts';
import type { FinishReason } from './stream-event.ts';
import { type ChatId, type StreamId, sameStreamId } from './stream-id.ts';

/** Where a streaming session stands. `expired` follows any ended state after retention. */
export type StreamState =
  | 'opening'
  | 'running'
  | 'finished'
  | 'stopped'
  | 'failed'
  | 'interrupted'
  | 'accepted'
  | 'expired';

/** The ways in which a running stream ends. */
export type EndKind = 'finished' | 'stopped' | 'failed' | 'interrupted';

/** What accounting froze for this stream when it reserved. */
export interface FrozenHold {
  readonly amountMicros: CreditMicros;
  readonly priceMicrosPer1000: CreditMicros;
  readonly maxOutputTokens: number;
  /** Whether the maximum came from the credit left or from the model and its configured cap. */
  readonly limitedBy: 'credit' | 'model';
}

/** How a stream ended and what it cost. */
export interface StreamEnd {
  readonly kind: EndKind;
  readonly endedAtMs: number;
  readonly finishReason?: FinishReason;
  readonly errorCode?: string;
  /** Offset of the event that ended the log. */
  readonly lastOffset: number;
  /** Tokens that are charged: 0 and 0 when the model was never asked or failed before its first chunk. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly chargeMicros: CreditMicros;
}

/** The client's receipt, as it was accepted. */
export interface Receipt {
  readonly kind: 'exact' | 'partial' | 'stopped';
  /** Code points of the text that the client says it received. */
  readonly receivedCharacters: number;
  /** SHA-256 of the accepted body, hex: what tells a repeat from another body. */
  readonly bodySha256: string;
  readonly acceptedAtMs: number;
}

/** A streaming session's whole state, as mappers store it. */
export interface StreamingSessionState {
  readonly id: StreamId;
  readonly owner: UserId;
  readonly chatId: ChatId;
  readonly modelId: string;
  /** Who drives it while it opens and runs, and did so afterwards. */
  readonly node: NodeId;
  readonly state: StreamState;
  /** Offset of the stream's `session` event. */
  readonly firstOffset: number;
  /** Tokens of the prompt as they are charged once the model is asked. */
  readonly promptTokens: number;
  readonly openedAtMs: number;
  /** Somebody wants it stopped who does not drive it: whoever ends it for its driver ends it as stopped. Only while it runs. */
  readonly stopWished?: true;
  readonly hold?: FrozenHold;
  readonly end?: StreamEnd;
  readonly receipt?: Receipt;
}

/** An update as it came, before anything of it is believed. */
export interface ReceivedUpdate {
  readonly text: string;
  readonly bodySha256: string;
}

/** What the table of the update says. `stop-first`: seal the running stream, then ask again. */
export type UpdateDecision =
  | { readonly kind: 'stop-first' }
  | { readonly kind: 'accepted'; readonly session: StreamingSession; readonly receipt: Receipt }
  | { readonly kind: 'replayed'; readonly session: StreamingSession; readonly receipt: Receipt };

/** Usage at a stream's end; `upstreamCalled` tells whether the model was asked at all. */
export interface EndUsage {
  readonly upstreamCalled: boolean;
  readonly inputTokens?: number;
  readonly outputTokens: number;
}

const ENDED: ReadonlySet<StreamState> = new Set(['finished', 'stopped', 'failed', 'interrupted', 'accepted']);

/**
 * Ties one answer of the server to the one update that may finish it and to the credits that pay for
 * it. Immutable: every transition returns a new session. Illegal transitions are refused here, not by routes.
 */
export class StreamingSession {
  readonly #state: StreamingSessionState;

  private constructor(state: StreamingSessionState) {
    this.#state = state;
  }

  /** Begins a session in `opening`: it has the chat's slot, no credit yet, and accepts no update. */
  static open(
    facts: Omit<StreamingSessionState, 'state' | 'stopWished' | 'hold' | 'end' | 'receipt'>,
  ): StreamingSession {
    return new StreamingSession({ ...facts, state: 'opening' });
  }

  /** Takes a stored state back as it is. */
  static restore(state: StreamingSessionState): StreamingSession {
    return new StreamingSession(state);
  }

  /** The state as plain data, for mappers, workers and comparisons. */
  snapshot(): StreamingSessionState {
    return this.#state;
  }

  get id(): StreamId {
    return this.#state.id;
  }

  get state(): StreamState {
    return this.#state.state;
  }

  get isRunning(): boolean {
    return this.#state.state === 'running';
  }

  /** Whether somebody wants it stopped who does not drive it. */
  get isStopWished(): boolean {
    return this.#state.stopWished === true;
  }

  get hasEnded(): boolean {
    return ENDED.has(this.#state.state);
  }

  /** `opening → running`: the credit is held, the id may be told. `promptTokens`: the prompt as it is charged. */
  activate(hold: FrozenHold, promptTokens: number): StreamingSession {
    this.#require('opening', 'running');
    return new StreamingSession({ ...this.#state, state: 'running', hold, promptTokens });
  }

  /** `running → finished`: the model said all it wanted, or all it was allowed to. */
  finish(end: {
    usage: EndUsage;
    finishReason: FinishReason;
    lastOffset: number;
    nowMs: number;
  }): StreamingSession {
    return this.#end('finished', end);
  }

  /** `running → stopped`: somebody asked for it, or nobody read it until its deadline. */
  stop(end: {
    usage: EndUsage;
    finishReason: FinishReason;
    lastOffset: number;
    nowMs: number;
  }): StreamingSession {
    return this.#end('stopped', end);
  }

  /** `running → failed`: the model did. Before its first chunk that costs nothing. */
  fail(end: { usage: EndUsage; errorCode: string; lastOffset: number; nowMs: number }): StreamingSession {
    return this.#end('failed', end);
  }

  /** `running → interrupted`: the server or its store did. */
  interrupt(end: { usage: EndUsage; lastOffset: number; nowMs: number }): StreamingSession {
    return this.#end('interrupted', { ...end, errorCode: 'stream.interrupted' });
  }

  /** Any ended state `→ expired`, once `retentionMs` have passed since the end. */
  expire(nowMs: number, retentionMs: number): StreamingSession {
    const { end } = this.#state;
    if (!this.hasEnded || end === undefined || nowMs < end.endedAtMs + retentionMs)
      throw this.#illegal('expired');
    return new StreamingSession({ ...this.#state, state: 'expired' });
  }

  /**
   * The id rule: this session may be named only by its owner, for its chat, by exactly its id, while it
   * is the chat's newest and neither opening nor expired.
   *
   * @throws DomainError `stream.id_mismatch`, always the same but for its internal cause.
   */
  requireNamedBy(claim: { id: StreamId; owner: UserId; chatId: ChatId; newestOfChat: StreamId }): void {
    const own = this.#state;
    if (!sameStreamId(claim.id, own.id) || own.state === 'opening') throw idMismatch('unknown');
    if (claim.owner !== own.owner || claim.chatId !== own.chatId) throw idMismatch('foreign');
    if (own.state === 'expired') throw idMismatch('expired');
    if (!sameStreamId(claim.newestOfChat, own.id)) throw idMismatch('older');
  }

  /**
   * The table of the update, for an update whose id has passed {@link requireNamedBy}.
   * `transcript` is the server's own text: so far when running, whole when ended.
   *
   * @throws DomainError `stream.text_mismatch` when the text is no prefix of what the server sent,
   *   `stream.receipt_conflict` when another receipt was accepted before.
   */
  receive(update: ReceivedUpdate, transcript: string, nowMs: number): UpdateDecision {
    const { state, receipt } = this.#state;
    if (receipt !== undefined) return this.#repeat(update, receipt, transcript);
    if (!transcript.startsWith(update.text)) throw textMismatch();
    if (state === 'running') return { kind: 'stop-first' };
    if (!this.hasEnded) throw this.#illegal('accepted');
    return this.#accept(update, update.text.length === transcript.length ? 'exact' : 'partial', nowMs);
  }

  /** The receipt of an update that itself stopped the stream: its text is a prefix of the sealed transcript. */
  receiveAfterStop(update: ReceivedUpdate, nowMs: number): UpdateDecision {
    if (this.#state.state !== 'stopped') throw this.#illegal('accepted');
    return this.#accept(update, 'stopped', nowMs);
  }

  #accept(update: ReceivedUpdate, kind: Receipt['kind'], nowMs: number): UpdateDecision {
    const receipt: Receipt = {
      kind,
      receivedCharacters: countCharacters(update.text),
      bodySha256: update.bodySha256,
      acceptedAtMs: nowMs,
    };
    const session = new StreamingSession({ ...this.#state, state: 'accepted', receipt });
    return { kind: 'accepted', session, receipt };
  }

  #repeat(update: ReceivedUpdate, receipt: Receipt, transcript: string): UpdateDecision {
    if (update.bodySha256 === receipt.bodySha256) return { kind: 'replayed', session: this, receipt };
    if (!transcript.startsWith(update.text)) throw textMismatch();
    throw new DomainError(
      'stream.receipt_conflict',
      'Another update of this streaming session was accepted before',
    );
  }

  #end(
    kind: EndKind,
    how: {
      usage: EndUsage;
      lastOffset: number;
      nowMs: number;
      finishReason?: FinishReason;
      errorCode?: string;
    },
  ): StreamingSession {
    this.#require('running', kind);
    const { hold, promptTokens } = this.#state;
    if (hold === undefined) throw this.#illegal(kind);
    const { upstreamCalled, outputTokens } = how.usage;
    const free = !upstreamCalled || (kind === 'failed' && outputTokens === 0);
    const inputTokens = free ? 0 : (how.usage.inputTokens ?? promptTokens);
    const charged = free ? 0 : outputTokens;
    const full = free ? ZERO : chargeFor(inputTokens + charged, hold.priceMicrosPer1000);
    const end: StreamEnd = {
      kind,
      endedAtMs: how.nowMs,
      ...(how.finishReason === undefined ? {} : { finishReason: how.finishReason }),
      ...(how.errorCode === undefined ? {} : { errorCode: how.errorCode }),
      lastOffset: how.lastOffset,
      inputTokens,
      outputTokens: charged,
      chargeMicros: micros(Math.min(full, hold.amountMicros)),
    };
    const { stopWished: _, ...running } = this.#state;
    return new StreamingSession({ ...running, state: kind, end });
  }

  #require(expected: StreamState, next: StreamState): void {
    if (this.#state.state !== expected) throw this.#illegal(next);
  }

  #illegal(next: StreamState): DomainError {
    const { state } = this.#state;
    return new DomainError(
      'stream.illegal_transition',
      `A streaming session cannot go from ${state} to ${next}`,
      { internal: { from: state, to: next } },
    );
  }
}

const textMismatch = (): DomainError =>
  new DomainError('stream.text_mismatch', 'The text is not what this streaming session sent');
