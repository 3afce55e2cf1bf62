import type { SettlementIntent } from '../../src/application/ports/accounting/credit-holds.ts';
import type { ChatRepository } from '../../src/application/ports/streaming/chat-repository.ts';
import type { EventLog } from '../../src/application/ports/streaming/event-log.ts';
import type { Seal, StreamRepository } from '../../src/application/ports/streaming/stream-repository.ts';
import { micros } from '../../src/domain/accounting/credits.ts';
import type { UserId } from '../../src/domain/identity/ids.ts';
import type { ChatMessage, ChatSummary } from '../../src/domain/streaming/chat-session.ts';
import { mintNodeId } from '../../src/domain/streaming/node-id.ts';
import { chunkEvent, doneEvent, type StreamEvent } from '../../src/domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../src/domain/streaming/stream-id.ts';
import {
  StreamingSession,
  type StreamingSessionState,
} from '../../src/domain/streaming/streaming-session.ts';

/** The three streaming stores of one adapter, sharing one state. */
export interface StreamingStores {
  readonly chats: ChatRepository;
  readonly streams: StreamRepository;
  readonly events: EventLog;
}

/** When the streams of the tests begin, in unix milliseconds. */
export const OPENED_AT_MS = 1_800_000_000_000;
export const ANNA = `u_${'a'.repeat(32)}` as UserId;
export const BERT = `u_${'b'.repeat(32)}` as UserId;

/** The node that drives the streams of the tests. */
export const NODE_1 = mintNodeId('one', '00000000-0000-4000-8000-000000000001');
/** Another node. */
export const NODE_2 = mintNodeId('two', '00000000-0000-4000-8000-000000000002');

/** The chat with a number. */
export const chatId = (number: number): ChatId => `chat-${number}` as ChatId;

/** The stream with a number. */
export const numberedStream = (number: number): StreamId =>
  `stream-${OPENED_AT_MS + number}-00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as StreamId;

/** A chat of Anna's, changed last at its number of milliseconds. */
export const aChat = (number: number, owner: UserId = ANNA): ChatSummary => ({
  id: chatId(number),
  owner,
  title: `Chat ${number}`,
  modelId: 'handbook',
  createdAtMs: OPENED_AT_MS + number,
  updatedAtMs: OPENED_AT_MS + number,
});

/** What a user says. */
export const aQuestion = (content = 'How does it work?', timestampMs = OPENED_AT_MS): ChatMessage => ({
  role: 'user',
  content,
  timestampMs,
});

/** A session that is about to claim a chat's slot. */
export const aClaim = (number: number, chat = 1, owner: UserId = ANNA) => ({
  id: numberedStream(number),
  owner,
  chatId: chatId(chat),
  modelId: 'handbook',
  node: NODE_1,
  state: 'opening' as const,
  promptTokens: 0,
  openedAtMs: OPENED_AT_MS + number,
});

/** Claims a slot and returns the session in `opening`. */
export async function open(
  { streams }: StreamingStores,
  number: number,
  chat = 1,
  owner: UserId = ANNA,
): Promise<StreamingSessionState> {
  const outcome = await streams.claim({ session: aClaim(number, chat, owner), message: aQuestion() });
  if (outcome.kind !== 'claimed') throw new Error(`the slot is not free: ${outcome.kind}`);
  return outcome.session;
}

/** The state after activation. */
export const activated = (session: StreamingSessionState): StreamingSessionState =>
  StreamingSession.restore(session)
    .activate(
      {
        amountMicros: micros(1_000_000),
        priceMicrosPer1000: micros(1_000),
        maxOutputTokens: 500,
        limitedBy: 'model',
      },
      12,
    )
    .snapshot();

/** The first event of a stream. */
export const firstEvent = (session: StreamingSessionState): StreamEvent => ({
  offset: session.firstOffset,
  type: 'session',
  json: `{"streamingSessionId":"${session.id}"}`,
  outputTokens: 0,
});

/** Opens a stream and sets it running. */
export async function start(
  stores: StreamingStores,
  number: number,
  chat = 1,
  owner: UserId = ANNA,
): Promise<StreamingSessionState> {
  const session = activated(await open(stores, number, chat, owner));
  await stores.streams.activate(session, firstEvent(session));
  return session;
}

/** Chunks at consecutive offsets. */
export const chunks = (from: number, ...texts: readonly string[]): StreamEvent[] =>
  texts.map((text, index) => chunkEvent(from + index, text, from + index));

/** The intent that an end of this stream leaves. */
export const anIntent = (id: StreamId): SettlementIntent => ({
  kind: 'finalize',
  id,
  tokens: 20,
  success: true,
});

/** Everything that ends a running stream at an offset. */
export function aSeal(running: StreamingSessionState, lastOffset: number, nowMs = OPENED_AT_MS + 500): Seal {
  const session = StreamingSession.restore(running)
    .finish({ usage: { upstreamCalled: true, outputTokens: 8 }, finishReason: 'stop', lastOffset, nowMs })
    .snapshot();
  const facts = { inputTokens: 12, outputTokens: 8, chargeMicros: micros(20) };
  return {
    session,
    terminal: doneEvent(lastOffset, { ...facts, finishReason: 'stop', textSha256: '00' }),
    intent: anIntent(running.id),
    message: {
      role: 'assistant',
      content: 'Like this.',
      timestampMs: nowMs,
      streamId: running.id,
      streamState: session.state,
    },
  };
}

/** Runs a stream from its claim to its end with some chunks in between. Returns the ended state. */
export async function runThrough(
  stores: StreamingStores,
  number: number,
  chat = 1,
  endedAtMs = OPENED_AT_MS + 500,
): Promise<StreamingSessionState> {
  const running = await start(stores, number, chat);
  await stores.events.append(running.id, chunks(running.firstOffset + 1, 'Like ', 'this.'));
  const seal = aSeal(running, running.firstOffset + 3, endedAtMs);
  await stores.streams.seal(seal);
  return seal.session;
}
