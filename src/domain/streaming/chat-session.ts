import type { UserId } from '../identity/ids.ts';
import type { ChatId, StreamId } from './stream-id.ts';

/** Who wrote a message. */
export type MessageRole = 'user' | 'assistant';

/** One message of a chat. */
export interface ChatMessage {
  readonly role: MessageRole;
  readonly content: string;
  readonly timestampMs: number;
  /** The stream that produced or was asked by this message, if any. */
  readonly streamId?: StreamId;
  /** How the stream that wrote an assistant's message ended, such as `finished` or `interrupted`. */
  readonly streamState?: string;
}

/** A chat without its messages, as lists show it. */
export interface ChatSummary {
  readonly id: ChatId;
  readonly owner: UserId;
  readonly title: string;
  readonly modelId: string;
  readonly source?: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Longest title, in characters (code points). */
export const MAX_TITLE_LENGTH = 200;
/** Longest text field of a request, in characters (code points). */
export const MAX_TEXT_LENGTH = 10_000;
/** Most chats one user may have. */
export const MAX_CHATS_PER_USER = 1_000;
/** Most streams one user may have running at once. */
export const MAX_RUNNING_STREAMS_PER_USER = 20;
/** Longest transcript of one stream, in bytes of UTF-8. */
export const MAX_TRANSCRIPT_BYTES = 1_048_576;
/** Title of a chat that nobody named. */
export const DEFAULT_TITLE = 'New chat';
