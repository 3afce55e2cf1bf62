import type { UserId } from '../../../../domain/identity/ids.ts';
import type { ChatMessage, ChatSummary } from '../../../../domain/streaming/chat-session.ts';
import type { NodeId } from '../../../../domain/streaming/node-id.ts';
import type { ChatId, StreamId } from '../../../../domain/streaming/stream-id.ts';
import type {
  FrozenHold,
  Receipt,
  StreamEnd,
  StreamingSessionState,
  StreamState,
} from '../../../../domain/streaming/streaming-session.ts';

/** Columns of `streams` that make a session's state. */
export const STREAM_COLUMNS =
  'id, owner, chat_id, model_id, state, first_offset, prompt_tokens, opened_at_ms, node, stop_wished, hold, ending, receipt';

/** A row of `streams`, as far as a session's state goes. */
export interface StreamRow {
  readonly id: string;
  readonly owner: string;
  readonly chat_id: string;
  readonly model_id: string;
  readonly state: string;
  readonly first_offset: number;
  readonly prompt_tokens: number;
  readonly opened_at_ms: number;
  readonly node: string;
  readonly stop_wished: number;
  readonly hold: string | null;
  readonly ending: string | null;
  readonly receipt: string | null;
}

/** A stored session, as the domain restores it. */
export function sessionFrom(row: StreamRow): StreamingSessionState {
  return {
    id: row.id as StreamId,
    owner: row.owner as UserId,
    chatId: row.chat_id as ChatId,
    modelId: row.model_id,
    node: row.node as NodeId,
    state: row.state as StreamState,
    firstOffset: row.first_offset,
    promptTokens: row.prompt_tokens,
    openedAtMs: row.opened_at_ms,
    ...(row.stop_wished === 0 ? {} : { stopWished: true }),
    ...(row.hold === null ? {} : { hold: JSON.parse(row.hold) as FrozenHold }),
    ...(row.ending === null ? {} : { end: JSON.parse(row.ending) as StreamEnd }),
    ...(row.receipt === null ? {} : { receipt: JSON.parse(row.receipt) as Receipt }),
  };
}

/** The JSON of an optional part of a state, as its column holds it. */
export const jsonOrNull = (part: unknown): string | null =>
  part === undefined ? null : JSON.stringify(part);

/** Columns of `chats` that make a summary. */
export const CHAT_COLUMNS = 'id, owner, title, model_id, source, created_at_ms, updated_at_ms';

/** A row of `chats`, as far as a summary goes. */
export interface ChatRow {
  readonly id: string;
  readonly owner: string;
  readonly title: string;
  readonly model_id: string;
  readonly source: string | null;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
}

/** A stored chat without its messages. */
export function chatFrom(row: ChatRow): ChatSummary {
  return {
    id: row.id as ChatId,
    owner: row.owner as UserId,
    title: row.title,
    modelId: row.model_id,
    ...(row.source === null ? {} : { source: row.source }),
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}

/** A row of `messages`. */
export interface MessageRow {
  readonly role: string;
  readonly content: string;
  readonly timestamp_ms: number;
  readonly stream_id: string | null;
  readonly stream_state: string | null;
}

/** A stored message. */
export function messageFrom(row: MessageRow): ChatMessage {
  return {
    role: row.role === 'assistant' ? 'assistant' : 'user',
    content: row.content,
    timestampMs: row.timestamp_ms,
    ...(row.stream_id === null ? {} : { streamId: row.stream_id as StreamId }),
    ...(row.stream_state === null ? {} : { streamState: row.stream_state }),
  };
}
