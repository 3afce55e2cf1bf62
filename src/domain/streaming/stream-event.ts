import type { CreditMicros } from '../accounting/credits.ts';
import { microsToCredits } from '../accounting/credits.ts';
import { invariant } from '../invariant.ts';
import type { ChatId, StreamId } from './stream-id.ts';

/** What an event of a stream's log is. Exactly one `done` or `error` ends a log. */
export type StreamEventType = 'session' | 'chunk' | 'done' | 'error';

/** One entry of a stream's log. Its JSON text is made once, stored, and sent to every reader as it is. */
export interface StreamEvent {
  /** Position in the chat, counted from 1 over all its streams, without gaps. */
  readonly offset: number;
  readonly type: StreamEventType;
  /** The event's data as JSON text. */
  readonly json: string;
  /** Output tokens known when the event was made, reasoning included; what a crash is billed by. Never sent. */
  readonly outputTokens: number;
}

/** Why a stream that ended with `done` ended. */
export type FinishReason = 'stop' | 'length' | 'credit' | 'stopped' | 'deadline';

/** What the end of a stream says of its cost. */
export interface EndFacts {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly chargeMicros: CreditMicros;
}

/** The first event of every stream, for clients whose proxy drops headers. */
export function sessionEvent(
  offset: number,
  facts: { streamingSessionId: StreamId; chatSessionId: ChatId; modelId: string; startedAt: string },
): StreamEvent {
  return { offset, type: 'session', json: JSON.stringify(facts), outputTokens: 0 };
}

/**
 * A piece of the answer.
 *
 * @throws InvariantViolation when the text is empty or ends inside a surrogate pair.
 */
export function chunkEvent(offset: number, text: string, outputTokens: number): StreamEvent {
  const last = text.charCodeAt(text.length - 1);
  invariant(text.length > 0 && !(last >= 0xd800 && last <= 0xdbff), 'a chunk ends on a whole character');
  return { offset, type: 'chunk', json: JSON.stringify({ text }), outputTokens };
}

/** The good end: the model finished, or somebody stopped it. */
export function doneEvent(
  offset: number,
  facts: EndFacts & { finishReason: FinishReason; textSha256: string },
): StreamEvent {
  const data = {
    message: 'Stream complete',
    tokensUsed: facts.inputTokens + facts.outputTokens,
    inputTokens: facts.inputTokens,
    outputTokens: facts.outputTokens,
    creditsCharged: microsToCredits(facts.chargeMicros),
    finishReason: facts.finishReason,
    textSha256: facts.textSha256,
  };
  return { offset, type: 'done', json: JSON.stringify(data), outputTokens: facts.outputTokens };
}

/** The bad end: the model failed, or the server did. */
export function errorEvent(
  offset: number,
  facts: EndFacts & { code: string; message: string; retryable: boolean },
): StreamEvent {
  const data = {
    code: facts.code,
    error: facts.message,
    message: facts.message,
    retryable: facts.retryable,
    tokensUsed: facts.inputTokens + facts.outputTokens,
    creditsCharged: microsToCredits(facts.chargeMicros),
  };
  return { offset, type: 'error', json: JSON.stringify(data), outputTokens: facts.outputTokens };
}

/** True for the event that ends a log. */
export const isTerminal = (event: StreamEvent): boolean => event.type === 'done' || event.type === 'error';

/** The text of a chunk, empty for any other event. */
export function chunkText(event: StreamEvent): string {
  return event.type === 'chunk' ? (JSON.parse(event.json) as { text: string }).text : '';
}

/** The whole answer that a log holds. */
export const transcriptOf = (events: Iterable<StreamEvent>): string => {
  let text = '';
  for (const event of events) text += chunkText(event);
  return text;
};
