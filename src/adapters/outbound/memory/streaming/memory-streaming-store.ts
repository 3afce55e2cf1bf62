import type { SettlementIntent } from '../../../../application/ports/accounting/credit-holds.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { ChatMessage, ChatSummary } from '../../../../domain/streaming/chat-session.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../../../domain/streaming/streaming-session.ts';
import { MemoryAuditLog } from '../audit/memory-audit-log.ts';

/** A chat with everything that hangs on it. */
export interface StoredChat {
  summary: ChatSummary;
  lastOffset: number;
  messages: ChatMessage[];
}

/** A stream with the user's message that asked for it, which goes when the claim is undone. */
export interface StoredStream {
  session: StreamingSessionState;
  readonly message: ChatMessage;
}

/** A start key as it was used. */
export interface StoredKey {
  readonly bodySha256: string;
  readonly streamId: StreamId;
}

/**
 * What the three streaming adapters of one memory share, so that one write changes all of it at once. Maps keep
 * the order of insertion, which is the order of age.
 */
export class MemoryStreamingStore {
  readonly chats = new Map<ChatId, StoredChat>();
  readonly streams = new Map<StreamId, StoredStream>();
  readonly keys = new Map<string, StoredKey>();
  readonly intents = new Map<StreamId, SettlementIntent>();
  /** Streams that have a room of their owner's; of those that have ended it means nothing. */
  readonly roomed = new Set<StreamId>();
  readonly logs = new Map<StreamId, StreamEvent[]>();
  readonly audit: MemoryAuditLog;

  constructor(audit = new MemoryAuditLog()) {
    this.audit = audit;
  }

  chatOf(owner: UserId, id: ChatId): StoredChat | undefined {
    const chat = this.chats.get(id);
    return chat?.summary.owner === owner ? chat : undefined;
  }

  /** The sessions of a chat, oldest first. */
  sessionsOf(chatId: ChatId): StreamingSessionState[] {
    return [...this.streams.values()].map(({ session }) => session).filter((it) => it.chatId === chatId);
  }

  /** Forgets the start keys that named a stream. */
  dropKeysOf(id: StreamId): void {
    for (const [name, { streamId }] of this.keys) if (streamId === id) this.keys.delete(name);
  }
}

/** True while a stream has its chat's slot. */
export const holdsSlot = ({ state }: StreamingSessionState): boolean =>
  state === 'opening' || state === 'running';
