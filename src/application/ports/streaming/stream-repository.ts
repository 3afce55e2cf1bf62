import type { UserId } from '../../../domain/identity/ids.ts';
import type { ChatMessage } from '../../../domain/streaming/chat-session.ts';
import type { NodeId } from '../../../domain/streaming/node-id.ts';
import type { StreamEvent } from '../../../domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../../domain/streaming/streaming-session.ts';
import type { SettlementIntent } from '../accounting/credit-holds.ts';

/** An idempotency key as it is stored: scoped to (owner, route, chat). */
export interface StartKey {
  readonly key: string;
  readonly route: string;
  /** SHA-256 of the body, hex: the same key with another body is refused. */
  readonly bodySha256: string;
}

/** What a claim of a chat's slot came to. */
export type ClaimOutcome =
  /** The slot is the caller's; `firstOffset` is where the stream's events begin. */
  | { readonly kind: 'claimed'; readonly session: StreamingSessionState }
  /** A stream of this chat is opening or running. */
  | { readonly kind: 'taken' }
  /** The key was used before, with the same body, by this stream. */
  | { readonly kind: 'replayed'; readonly session: StreamingSessionState }
  /** The key was used before with another body. */
  | { readonly kind: 'key-mismatch' }
  /** The chat is not there or not the owner's. */
  | { readonly kind: 'not-found' };

/** Where the events of a chat end. */
export interface LogEnd {
  /** Offset of the last event of its ended streams, expired ones too; 0 while none has ended. */
  readonly lastOffset: number;
  /** Whether a stream runs behind that. */
  readonly isRunning: boolean;
}

/** A sealed stream: its ended state, its last event, what accounting is owed, and the message to keep. */
export interface Seal {
  /** The ended state; its `end.lastOffset` is the terminal event's offset. */
  readonly session: StreamingSessionState;
  readonly terminal: StreamEvent;
  readonly intent: SettlementIntent;
  /** The assistant's message; undefined when no text was produced. */
  readonly message?: ChatMessage;
}

/**
 * Keeps streaming sessions, their slots, their start keys and the intents to settle. All writes are atomic and
 * durable (to disk or a majority) when they resolve.
 *
 * A chat has one slot: it is taken while one of its streams is `opening` or `running`.
 *
 * @throws PortError `unavailable` when nothing was written, `timeout` when the outcome is unknown (read by id).
 */
export interface StreamRepository {
  /**
   * Claims the chat's slot with a session in `opening`, storing the user's message and the start key with it.
   * The start key is looked at first, then the slot. Of any number of racing claims one wins. The store sets
   * `firstOffset` to one after the chat's last event.
   */
  claim(claim: {
    readonly session: Omit<StreamingSessionState, 'firstOffset'>;
    readonly message: ChatMessage;
    readonly key?: StartKey;
  }): Promise<ClaimOutcome>;
  /** `opening → running`, with the hold and its `session` event. False when it is not `opening` any more. */
  activate(session: StreamingSessionState, first: StreamEvent): Promise<boolean>;
  /**
   * Undoes a claim: removes the `opening` session, its message and its key, frees the slot, and stores `intent`
   * (an abort) in the same write when the reserve may have been carried out. Idempotent.
   */
  abandon(id: StreamId, intent?: SettlementIntent): Promise<void>;
  /** The session of exactly this owner, chat and id, and the id of the chat's newest stream that is not opening. */
  findOwned(
    owner: UserId,
    chatId: ChatId,
    id: StreamId,
  ): Promise<{ readonly session: StreamingSessionState; readonly newestOfChat: StreamId } | undefined>;
  /** Why an id was not found, for log and audit alone: somebody else's or another chat's, or nobody's. */
  whereabouts(id: StreamId): Promise<'foreign' | 'unknown'>;
  /** The running stream of a chat, else its newest ended one that has not expired; never an opening one. */
  latestOf(chatId: ChatId): Promise<StreamingSessionState | undefined>;
  /** The newest stream of a chat that has expired, without its events. */
  tombstoneOf(chatId: ChatId): Promise<StreamingSessionState | undefined>;
  /**
   * The chat's stream that an offset falls to: the one with the greatest `firstOffset` that is not above it, running
   * or ended but not expired; never an opening one. An offset beyond its end falls to it too, while no newer one is kept.
   */
  streamAt(chatId: ChatId, offset: number): Promise<StreamingSessionState | undefined>;
  /**
   * Where the chat's events end by the one record that its starts and ends meet at, which other reads of a replicated
   * store may be behind: nothing that was acknowledged to anybody, on any node, before this was asked is missing in it.
   */
  logEnd(chatId: ChatId): Promise<LogEnd>;
  /** Every stream that is opening or running, of one owner or of all. */
  active(owner?: UserId): Promise<readonly StreamingSessionState[]>;
  /** The nodes that streams which are opening or running are signed with, each once. */
  drivers(): Promise<readonly NodeId[]>;
  /** Every stream that is opening or running and is signed with a node. */
  drivenBy(node: NodeId): Promise<readonly StreamingSessionState[]>;
  /**
   * Takes one of its owner's rooms for a stream that is opening. Streams that run, or open and have a room, are never
   * more than `rooms`, however many starts race; a room is free again when its stream has ended or was undone. Idempotent.
   *
   * @returns false when no room is free.
   */
  takeRoom(stream: Pick<StreamingSessionState, 'id' | 'owner'>, rooms: number): Promise<boolean>;
  /**
   * Stores the wish that a running stream be stopped, for whoever drives it to find, and for whoever ends it when that one
   * has gone. It decides nothing, changes nothing else of the stream and meets no append: however fast its driver writes,
   * it is stored. It goes with the end, whatever end that is. Idempotent.
   *
   * @returns false when the stream is not running.
   */
  wishStop(id: StreamId): Promise<boolean>;
  /** The running streams that are signed with a node and that somebody wishes stopped. */
  stopsWished(node: NodeId): Promise<readonly StreamId[]>;
  /**
   * Ends a running stream: appends the terminal event at its offset, stores the ended state, the message and the
   * intent, frees the slot, all in one write. `lost`: the session is not running any more or the offset is taken,
   * which is how whoever comes second learns it; nothing is written then.
   */
  seal(seal: Seal): Promise<'sealed' | 'lost'>;
  /** Stores an accepted receipt by compare-and-set on the state before it. False when another was first. */
  accept(session: StreamingSessionState, expected: StreamingSessionState['state']): Promise<boolean>;
  /** Intents that accounting has not acknowledged, oldest first. */
  pendingIntents(limit: number): Promise<readonly SettlementIntent[]>;
  /** Forgets an acknowledged intent. Idempotent. */
  acknowledgeIntent(id: StreamId): Promise<void>;
  /**
   * Expires at most `limit` streams that ended before `endedBeforeMs`: their events and start keys are removed,
   * the rows stay as tombstones in state `expired`. Streams whose intent is pending are left. Returns how many.
   */
  expireEnded(endedBeforeMs: number, limit: number): Promise<number>;
}
