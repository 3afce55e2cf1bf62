import { ZERO } from '../../domain/accounting/credits.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import { errorEvent, type StreamEvent } from '../../domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../domain/streaming/streaming-session.ts';
import type { Budget } from '../budget.ts';
import { PortError } from '../ports/port-error.ts';
import type { ChatRepository } from '../ports/streaming/chat-repository.ts';
import type { EventLog } from '../ports/streaming/event-log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { Timers } from '../ports/timers.ts';
import { findChat } from './chats/find-chat.ts';
import { summariseLog } from './engine/read-log.ts';
import type { StreamReader } from './engine/stream-reader.ts';
import type { StreamReaders } from './engine/stream-readers.ts';

/** What a reader who comes to a chat finds. */
export type Followed =
  /** The end has been delivered to this cursor, or there is nothing; `lastOffset` is where the chat's events end, 0 where it never had any. */
  | { readonly kind: 'nothing'; readonly lastOffset: number }
  | { readonly kind: 'following'; readonly id: StreamId; readonly events: StreamReader }
  /** The log has not what follows the cursor; the event is for this reader alone. */
  | { readonly kind: 'lost'; readonly id: StreamId; readonly event: StreamEvent };

/** How often a stream is looked for that has to be there, and the rest between two looks, in milliseconds. */
const MAX_LOOKS = 5;
const LOOK_AGAIN_MS = 50;

/** There is nothing to be read, as far as one look tells. */
const NOTHING = { kind: 'nothing' } as const;
type Unfollowed = Extract<Followed, { readonly kind: 'lost' }> | typeof NOTHING;

/** A stream to read on from a cursor, or why there is none. */
type Found =
  | Unfollowed
  | { readonly kind: 'stream'; readonly stream: StreamingSessionState; readonly cursor: number };

interface Deps {
  readonly chats: ChatRepository;
  readonly streams: StreamRepository;
  readonly eventLog: EventLog;
  readonly readers: StreamReaders;
  readonly timers: Timers;
}

/** Lets a reader read on from his cursor, or from the beginning of the running or last stream without one. */
export class FollowStream {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * @param command `cursor`: the offset of the last event that the reader has; `budget`: how long he waits.
   * @throws DomainError `chat.not_found`, `stream.limit_reached`; PortError when the store is away, or his time is spent.
   */
  async execute(command: {
    owner: UserId;
    chatId: ChatId;
    cursor?: number;
    budget?: Budget;
  }): Promise<Followed> {
    const { owner, chatId, cursor, budget } = command;
    await findChat(this.#deps.chats, owner, chatId);
    for (let look = 1; ; look += 1) {
      const found = await this.#find(chatId, cursor);
      const lastOffset = found.kind === 'nothing' ? await this.#endOfAll(chatId, cursor) : undefined;
      // Nobody would close a reader of whom nobody heard.
      budget?.requireTime();
      if (found.kind === 'stream') return this.#follow(found.stream, found.cursor);
      if (found.kind === 'lost') return found;
      if (lastOffset !== undefined) return { kind: 'nothing', lastOffset };
      if (look === MAX_LOOKS)
        throw new PortError('unavailable', 'store', 'the stream behind this cursor cannot be found yet');
      await this.#deps.timers.sleep(LOOK_AGAIN_MS);
    }
  }

  /**
   * Where the chat's events end, if there is nothing behind a cursor by the record that decides. A client takes "nothing" for the end and does not
   * come back, so that it must not be said by a look that was behind.
   */
  async #endOfAll(chatId: ChatId, cursor: number | undefined): Promise<number | undefined> {
    const { lastOffset, isRunning } = await this.#deps.streams.logEnd(chatId);
    if (isRunning) return undefined;
    if (lastOffset === 0 || lastOffset === cursor) return lastOffset;
    // Without a cursor there is nothing to read where everything has expired.
    const expired = cursor === undefined ? await this.#deps.streams.tombstoneOf(chatId) : undefined;
    return expired?.end?.lastOffset === lastOffset ? lastOffset : undefined;
  }

  async #find(chatId: ChatId, cursor: number | undefined): Promise<Found> {
    const { streams } = this.#deps;
    const latest = await streams.latestOf(chatId);
    if (latest === undefined) return cursor === undefined ? NOTHING : this.#afterAll(chatId, cursor);
    if (cursor === undefined) return { kind: 'stream', stream: latest, cursor: latest.firstOffset - 1 };
    // Offsets of a chat have no gaps, so the stream that goes on after a cursor is the one its next offset falls to.
    const next = await streams.streamAt(chatId, cursor + 1);
    if (next !== undefined && (await this.#has(next, cursor)))
      return { kind: 'stream', stream: next, cursor };
    // It may have expired since it was found, which takes nothing from who has its end.
    return latest.end?.lastOffset === cursor ? NOTHING : this.#lost(latest);
  }

  /** No stream is kept any more: who has the last one's end misses nothing, and everybody else is told that he does. */
  async #afterAll(chatId: ChatId, cursor: number): Promise<Unfollowed> {
    const last = await this.#deps.streams.tombstoneOf(chatId);
    return last === undefined || last.end?.lastOffset === cursor ? NOTHING : this.#lost(last);
  }

  #follow(stream: StreamingSessionState, cursor: number): Followed {
    const { id, end } = stream;
    const endOffset = end?.lastOffset;
    const events = this.#deps.readers.read({ id, cursor, ...(endOffset === undefined ? {} : { endOffset }) });
    return { kind: 'following', id, events };
  }

  /** Whether the events of a stream go on right after a cursor. */
  async #has({ id, firstOffset, end }: StreamingSessionState, cursor: number): Promise<boolean> {
    if (cursor < firstOffset) return cursor === firstOffset - 1;
    if (end !== undefined) return cursor < end.lastOffset;
    // Of a running stream only the log knows how far it is: a cursor that was given out names an event in it.
    const [event] = await this.#deps.eventLog.read(id, cursor - 1, 1);
    return event?.offset === cursor;
  }

  /** The event's id is the log's last offset, so that a reader who comes back with it is not refused again. */
  async #lost(latest: StreamingSessionState): Promise<Unfollowed> {
    const last = latest.end?.lastOffset ?? (await summariseLog(this.#deps.eventLog, latest)).lastOffset;
    const event = errorEvent(last, {
      code: 'stream.offset_lost',
      message: 'What follows this event is not kept any more, or never was',
      retryable: false,
      inputTokens: 0,
      outputTokens: 0,
      chargeMicros: ZERO,
    });
    return { kind: 'lost', id: latest.id, event };
  }
}
