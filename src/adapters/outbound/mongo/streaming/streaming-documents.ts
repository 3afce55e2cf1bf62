import type { ObjectId } from 'mongodb';
import type { SettlementIntent } from '../../../../application/ports/accounting/credit-holds.ts';
import type { StartKey } from '../../../../application/ports/streaming/stream-repository.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { ChatMessage, ChatSummary } from '../../../../domain/streaming/chat-session.ts';
import type { NodeId } from '../../../../domain/streaming/node-id.ts';
import { type ChatId, mintedAtMs, type StreamId } from '../../../../domain/streaming/stream-id.ts';
import type {
  FrozenHold,
  Receipt,
  StreamEnd,
  StreamingSessionState,
  StreamState,
} from '../../../../domain/streaming/streaming-session.ts';

/** The names of the collections. */
export const CHATS = 'chats';
export const MESSAGES = 'messages';
export const STREAMS = 'streams';
export const EVENT_BATCHES = 'event_batches';
export const INTENTS = 'settlement_intents';
export const OWNERS = 'chat_owners';
export const REMOVALS = 'chat_removals';

/** A chat. Claims, ends and removals of one chat all write to it, so that of two at once one gives way. */
export interface ChatDocument extends Omit<ChatSummary, 'id'> {
  readonly _id: ChatId;
  /** Offset of the chat's last event. */
  readonly lastOffset: number;
  /** The stream that has the chat's slot, while one is opening or running. */
  readonly slot?: StreamId;
}

/** A message of a chat. */
export interface MessageDocument extends ChatMessage {
  readonly chatId: ChatId;
  /** Its place: 0 for a chat's first message, the first offset of the stream it asks for, the last one of its answer. */
  readonly place: number;
}

/** A streaming session, from its claim to its tombstone. */
export interface StreamDocument {
  readonly _id: StreamId;
  readonly owner: UserId;
  readonly chatId: ChatId;
  readonly modelId: string;
  readonly node: NodeId;
  readonly state: StreamState;
  /** There while the stream has its chat's slot: what the lists of active streams look through. */
  readonly active?: true;
  readonly firstOffset: number;
  readonly promptTokens: number;
  readonly openedAtMs: number;
  /** There once somebody wants it stopped who does not drive it, until it has ended. */
  readonly stopWished?: true;
  readonly hold?: FrozenHold;
  /** The line of the stream's first event, which the activation writes. */
  readonly first?: string;
  /** Who activated it, for one that does not know what became of its write. */
  readonly activation?: ObjectId;
  readonly end?: StreamEnd;
  /** There from the end to the expiry: what expiry looks through. */
  readonly endedAtMs?: number;
  readonly receipt?: Receipt;
  /** Who accepted the receipt, for one that does not know what became of its write. */
  readonly acceptance?: ObjectId;
  /** There until the stream expires. */
  readonly startKey?: StartKey;
  /** There while the events of an expired stream are still to be removed. */
  readonly unpurged?: true;
}

/**
 * Events that were appended together. Its key names the stream and the offset of the first of them, and whoever
 * inserts one knows the log before it, so that of two that overlap the later one meets the key of the earlier.
 */
export interface BatchDocument {
  readonly _id: string;
  /** The events as lines; not there any more in a fence. */
  readonly lines?: string;
  /** Offset of the last of the events. */
  readonly lastOffset: number;
  /** Which writer's insert it is, for one that does not know what became of it. */
  readonly writer: ObjectId;
  /** There in the batch that ends the log. */
  readonly end?: true;
  /** Since when the log is gone and only this fence is left of it, by the store's clock. */
  readonly goneAt?: Date;
}

/** What accounting is owed for one stream. */
export interface IntentDocument {
  readonly _id: StreamId;
  readonly intent: SettlementIntent;
}

/** A chat that was removed, while what hung on it is not gone yet. */
export interface RemovalDocument {
  readonly _id: ChatId;
  readonly removal: ObjectId;
}

/** One for each owner, which adds of his chats, and his starts, write to so that no two pass a limit of his together. */
export interface OwnerDocument {
  readonly _id: UserId;
  readonly adds: number;
  /** The streams that have a room of his, and some that have ended: all that run are among them. */
  readonly rooms?: StreamId[];
}

/** Digits of an offset in a key: keys sort as their offsets do. */
const OFFSET_DIGITS = 16;

/**
 * What all keys of a stream's log begin with: its id with the random part first, so that logs spread over the shards
 * of a sharded collection while the batches of one log stay together.
 */
const logPrefix = (id: StreamId): string => {
  const ms = mintedAtMs(id);
  return `${id.slice(`stream-${ms}-`.length)}-${ms}`;
};

/** The key of the batch of a log that begins at an offset. */
export const batchKey = (id: StreamId, offset: number): string =>
  `${logPrefix(id)}/${String(offset).padStart(OFFSET_DIGITS, '0')}`;

/** The offset that a batch begins at. */
export const firstOffsetOf = ({ _id }: Pick<BatchDocument, '_id'>): number =>
  Number(_id.slice(-OFFSET_DIGITS));

/** The keys of a log from an offset on: at least `$gte`, below `$lt`. */
export const batchKeys = (id: StreamId, fromOffset = 0): { readonly $gte: string; readonly $lt: string } => ({
  $gte: batchKey(id, fromOffset),
  // The character after the slash.
  $lt: `${logPrefix(id)}0`,
});

/** A stored chat, without what is the store's own. */
export function chatFrom({ _id, lastOffset: _, slot: __, ...summary }: ChatDocument): ChatSummary {
  return { id: _id, ...summary };
}

/** A stored message, as the chat shows it. */
export function messageFrom(document: MessageDocument): ChatMessage {
  const { role, content, timestampMs, streamId, streamState } = document;
  return {
    role,
    content,
    timestampMs,
    ...(streamId === undefined ? {} : { streamId }),
    ...(streamState === undefined ? {} : { streamState }),
  };
}

/** A stored session, as the domain restores it. */
export function sessionFrom(document: StreamDocument): StreamingSessionState {
  const { stopWished, hold, end, receipt } = document;
  return {
    id: document._id,
    owner: document.owner,
    chatId: document.chatId,
    modelId: document.modelId,
    node: document.node,
    state: document.state,
    firstOffset: document.firstOffset,
    promptTokens: document.promptTokens,
    openedAtMs: document.openedAtMs,
    ...(stopWished === undefined ? {} : { stopWished }),
    ...(hold === undefined ? {} : { hold }),
    ...(end === undefined ? {} : { end }),
    ...(receipt === undefined ? {} : { receipt }),
  };
}
