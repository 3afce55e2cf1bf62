import type { SettlementIntent } from '../../../../application/ports/accounting/credit-holds.ts';
import type {
  ClaimOutcome,
  LogEnd,
  Seal,
  StartKey,
  StreamRepository,
} from '../../../../application/ports/streaming/stream-repository.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { invariant } from '../../../../domain/invariant.ts';
import type { ChatMessage } from '../../../../domain/streaming/chat-session.ts';
import type { NodeId } from '../../../../domain/streaming/node-id.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../../../domain/streaming/streaming-session.ts';
import { holdsSlot, type MemoryStreamingStore } from './memory-streaming-store.ts';

/** Streaming sessions in memory, for tests. Each method is one step of the event loop, hence atomic. */
export class MemoryStreamRepository implements StreamRepository {
  readonly #store: MemoryStreamingStore;

  constructor(store: MemoryStreamingStore) {
    this.#store = store;
  }

  async claim(claim: {
    readonly session: Omit<StreamingSessionState, 'firstOffset'>;
    readonly message: ChatMessage;
    readonly key?: StartKey;
  }): Promise<ClaimOutcome> {
    const { session, message, key } = claim;
    const chat = this.#store.chatOf(session.owner, session.chatId);
    if (chat === undefined) return { kind: 'not-found' };
    const keyName = key && JSON.stringify([session.owner, key.route, session.chatId, key.key]);
    const used = keyName === undefined ? undefined : this.#store.keys.get(keyName);
    if (used !== undefined) {
      const stream = this.#store.streams.get(used.streamId);
      invariant(stream !== undefined, 'a start key lives no longer than its stream');
      return used.bodySha256 === key?.bodySha256
        ? { kind: 'replayed', session: stream.session }
        : { kind: 'key-mismatch' };
    }
    if (this.#store.sessionsOf(session.chatId).some(holdsSlot)) return { kind: 'taken' };
    const claimed: StreamingSessionState = { ...session, firstOffset: chat.lastOffset + 1 };
    this.#store.streams.set(session.id, { session: claimed, message });
    chat.messages.push(message);
    chat.summary = { ...chat.summary, updatedAtMs: message.timestampMs };
    if (key !== undefined && keyName !== undefined) {
      this.#store.keys.set(keyName, { bodySha256: key.bodySha256, streamId: session.id });
    }
    return { kind: 'claimed', session: claimed };
  }

  async activate(session: StreamingSessionState, first: StreamEvent): Promise<boolean> {
    const stream = this.#store.streams.get(session.id);
    if (stream?.session.state !== 'opening') return false;
    invariant(first.offset === stream.session.firstOffset, 'a stream begins at its first offset');
    stream.session = session;
    this.#store.logs.set(session.id, [first]);
    return true;
  }

  async abandon(id: StreamId, intent?: SettlementIntent): Promise<void> {
    const stream = this.#store.streams.get(id);
    if (stream?.session.state !== 'opening') return;
    this.#store.streams.delete(id);
    this.#store.dropKeysOf(id);
    const chat = this.#store.chats.get(stream.session.chatId);
    if (chat !== undefined) chat.messages = chat.messages.filter((message) => message !== stream.message);
    if (intent !== undefined) this.#store.intents.set(id, intent);
  }

  async findOwned(
    owner: UserId,
    chatId: ChatId,
    id: StreamId,
  ): Promise<{ readonly session: StreamingSessionState; readonly newestOfChat: StreamId } | undefined> {
    const session = this.#store.streams.get(id)?.session;
    if (session === undefined || session.owner !== owner || session.chatId !== chatId) return undefined;
    const newest = this.#store.sessionsOf(chatId).findLast(({ state }) => state !== 'opening');
    return { session, newestOfChat: newest?.id ?? id };
  }

  async whereabouts(id: StreamId): Promise<'foreign' | 'unknown'> {
    return this.#store.streams.has(id) ? 'foreign' : 'unknown';
  }

  async latestOf(chatId: ChatId): Promise<StreamingSessionState | undefined> {
    return this.#store.sessionsOf(chatId).findLast(({ state }) => state !== 'opening' && state !== 'expired');
  }

  async tombstoneOf(chatId: ChatId): Promise<StreamingSessionState | undefined> {
    return this.#store.sessionsOf(chatId).findLast(({ state }) => state === 'expired');
  }

  async streamAt(chatId: ChatId, offset: number): Promise<StreamingSessionState | undefined> {
    return this.#store
      .sessionsOf(chatId)
      .findLast((it) => it.state !== 'opening' && it.state !== 'expired' && it.firstOffset <= offset);
  }

  async logEnd(chatId: ChatId): Promise<LogEnd> {
    return {
      lastOffset: this.#store.chats.get(chatId)?.lastOffset ?? 0,
      isRunning: this.#store.sessionsOf(chatId).some(({ state }) => state === 'running'),
    };
  }

  async active(owner?: UserId): Promise<readonly StreamingSessionState[]> {
    const sessions = [...this.#store.streams.values()].map(({ session }) => session);
    return sessions.filter((it) => holdsSlot(it) && (owner === undefined || it.owner === owner));
  }

  async drivers(): Promise<readonly NodeId[]> {
    return [...new Set((await this.active()).map(({ node }) => node))];
  }

  async drivenBy(node: NodeId): Promise<readonly StreamingSessionState[]> {
    return (await this.active()).filter((it) => it.node === node);
  }

  async takeRoom(
    { id, owner }: Pick<StreamingSessionState, 'id' | 'owner'>,
    rooms: number,
  ): Promise<boolean> {
    const { roomed, streams } = this.#store;
    const sessions = [...streams.values()].map(({ session }) => session);
    const taken = sessions.filter(
      (it) => it.owner === owner && holdsSlot(it) && (it.state === 'running' || roomed.has(it.id)),
    );
    if (taken.length >= rooms && !roomed.has(id)) return false;
    roomed.add(id);
    return true;
  }

  async wishStop(id: StreamId): Promise<boolean> {
    const stream = this.#store.streams.get(id);
    if (stream?.session.state !== 'running') return false;
    stream.session = { ...stream.session, stopWished: true };
    return true;
  }

  async stopsWished(node: NodeId): Promise<readonly StreamId[]> {
    const wished = (await this.drivenBy(node)).filter(({ stopWished }) => stopWished === true);
    return wished.map(({ id }) => id);
  }

  async seal({ session, terminal, intent, message }: Seal): Promise<'sealed' | 'lost'> {
    const { end } = session;
    invariant(end?.lastOffset === terminal.offset, 'an end is at the offset of its event');
    const stream = this.#store.streams.get(session.id);
    const log = this.#store.logs.get(session.id) ?? [];
    const next = (log.at(-1)?.offset ?? 0) + 1;
    if (stream?.session.state !== 'running' || terminal.offset !== next) return 'lost';
    stream.session = session;
    log.push(terminal);
    this.#store.intents.set(session.id, intent);
    const chat = this.#store.chats.get(session.chatId);
    invariant(chat !== undefined, 'a chat with a running stream is not removed');
    chat.lastOffset = terminal.offset;
    if (message !== undefined) chat.messages.push(message);
    const updatedAtMs = Math.max(chat.summary.updatedAtMs, end.endedAtMs);
    chat.summary = { ...chat.summary, updatedAtMs };
    return 'sealed';
  }

  async accept(session: StreamingSessionState, expected: StreamingSessionState['state']): Promise<boolean> {
    const stream = this.#store.streams.get(session.id);
    if (stream?.session.state !== expected) return false;
    stream.session = session;
    return true;
  }

  async pendingIntents(limit: number): Promise<readonly SettlementIntent[]> {
    return [...this.#store.intents.values()].slice(0, limit);
  }

  async acknowledgeIntent(id: StreamId): Promise<void> {
    this.#store.intents.delete(id);
  }

  async expireEnded(endedBeforeMs: number, limit: number): Promise<number> {
    const due = [...this.#store.streams.values()]
      .filter(({ session }) => session.state !== 'expired' && session.end !== undefined)
      .filter(({ session }) => (session.end?.endedAtMs ?? endedBeforeMs) < endedBeforeMs)
      .filter(({ session }) => !this.#store.intents.has(session.id))
      .slice(0, limit);
    for (const stream of due) {
      stream.session = { ...stream.session, state: 'expired' };
      this.#store.logs.delete(stream.session.id);
      this.#store.dropKeysOf(stream.session.id);
    }
    return due.length;
  }
}
