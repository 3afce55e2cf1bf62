import { chargeFor } from '../../../domain/accounting/credits.ts';
import { invariant } from '../../../domain/invariant.ts';
import {
  doneEvent,
  errorEvent,
  type FinishReason,
  type StreamEvent,
} from '../../../domain/streaming/stream-event.ts';
import type { EndUsage, StreamEnd, StreamingSession } from '../../../domain/streaming/streaming-session.ts';
import type { SettlementIntent } from '../../ports/accounting/credit-holds.ts';
import type { Digest } from '../../ports/digest.ts';
import type { Seal } from '../../ports/streaming/stream-repository.ts';

/** Why a running stream ends. */
export type Ending =
  | {
      readonly kind: 'finish';
      readonly reason: 'stop' | 'length' | 'credit';
      /** The upstream's own count, believed as far as it is sane and within the hold. */
      readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
    }
  | { readonly kind: 'stop'; readonly reason: 'stopped' | 'deadline' }
  | { readonly kind: 'fail'; readonly code: string; readonly message: string }
  | { readonly kind: 'interrupt' };

/** How a stream ends that somebody wants stopped. */
export const STOPPED = { kind: 'stop', reason: 'stopped' } as const satisfies Ending;

/** What is known of a stream when it ends. */
export interface Produced {
  /** The stored transcript. */
  readonly text: string;
  /** Output tokens by our own count. */
  readonly outputTokens: number;
  /** Offset of the last stored event. */
  readonly lastOffset: number;
  /** Whether the model was asked at all. */
  readonly upstreamCalled: boolean;
}

/** What readers of an interrupted stream are told. */
const INTERRUPTED = 'The server was interrupted; what is here is a true beginning of the answer';

/** Makes the one write that ends a running stream: ended state, last event, intent to settle, message to keep. */
export function buildSeal(
  running: StreamingSession,
  ending: Ending,
  produced: Produced,
  deps: { nowMs: number; digest: Digest },
): Seal {
  const session = endSession(running, ending, produced, deps.nowMs);
  const { id, end, state } = session.snapshot();
  invariant(end !== undefined, 'an ended session says how it ended');
  const { text } = produced;
  return {
    session: session.snapshot(),
    terminal: terminalEvent(ending, end, text, deps.digest),
    intent: intentFor(id, end),
    ...(text === ''
      ? {}
      : {
          message: {
            role: 'assistant',
            content: text,
            timestampMs: deps.nowMs,
            streamId: id,
            streamState: state,
          },
        }),
  };
}

function endSession(
  running: StreamingSession,
  ending: Ending,
  produced: Produced,
  nowMs: number,
): StreamingSession {
  const { upstreamCalled, outputTokens } = produced;
  const usage: EndUsage = { upstreamCalled, outputTokens };
  const common = { lastOffset: produced.lastOffset + 1, nowMs };
  switch (ending.kind) {
    case 'finish': {
      const told = believable(running, ending.usage);
      return running.finish({ ...common, usage: { ...usage, ...told }, finishReason: ending.reason });
    }
    case 'stop':
      return running.stop({ ...common, usage, finishReason: ending.reason });
    case 'fail':
      return running.fail({ ...common, usage, errorCode: ending.code });
    case 'interrupt':
      return running.interrupt({ ...common, usage });
  }
}

/** The upstream's usage, unless it is negative, no integer or beyond the hold: then our own count stands. */
function believable(
  running: StreamingSession,
  usage: { readonly inputTokens: number; readonly outputTokens: number } | undefined,
): Partial<EndUsage> {
  const { hold } = running.snapshot();
  if (usage === undefined || hold === undefined) return {};
  const { inputTokens, outputTokens } = usage;
  const sane = [inputTokens, outputTokens].every((tokens) => Number.isSafeInteger(tokens) && tokens >= 0);
  if (!sane || chargeFor(inputTokens + outputTokens, hold.priceMicrosPer1000) > hold.amountMicros) return {};
  return { inputTokens, outputTokens };
}

function terminalEvent(ending: Ending, end: StreamEnd, text: string, digest: Digest): StreamEvent {
  if (ending.kind === 'finish' || ending.kind === 'stop') {
    const finishReason: FinishReason = ending.reason;
    return doneEvent(end.lastOffset, { ...end, finishReason, textSha256: digest.sha256Hex(text) });
  }
  const told =
    ending.kind === 'fail'
      ? { code: ending.code, message: ending.message }
      : { code: 'stream.interrupted', message: INTERRUPTED };
  return errorEvent(end.lastOffset, { ...end, ...told, retryable: true });
}

function intentFor(id: SettlementIntent['id'], end: StreamEnd): SettlementIntent {
  const tokens = end.inputTokens + end.outputTokens;
  const good = end.kind === 'finished' || end.kind === 'stopped';
  return good && tokens > 0 ? { kind: 'finalize', id, tokens, success: true } : { kind: 'abort', id, tokens };
}
