import { PortError } from '../../../../../application/ports/port-error.ts';
import type { Timers } from '../../../../../application/ports/timers.ts';
import type { StreamReader } from '../../../../../application/streaming/engine/stream-reader.ts';
import type { Followed } from '../../../../../application/streaming/follow-stream.ts';
import { DomainError } from '../../../../../domain/domain-error.ts';
import type { StreamEvent } from '../../../../../domain/streaming/stream-event.ts';
import { type EventSink, relayEvents, sendEvents } from './relay-events.ts';

/** Looks in a row that brought nothing, after which the session is closed; its client comes back. */
const MAX_LOOKS = 10;
/** Pause before the next look, in milliseconds, times the looks before. */
const LOOK_AGAIN_MS = 100;

/** Where following begins: what has been read already, and the reader of the rest. */
export interface FollowFrom {
  readonly events: StreamReader;
  readonly read?: readonly StreamEvent[];
  /** The offset of the last event that the client has. */
  readonly after: number;
}

/**
 * Sends the events of one chat from an offset on: to the end of a stream, and on through those that came after it. A
 * reader that was let go because the client is slow, or because the process that drove the stream has died, is followed
 * by another one from where it ended.
 */
export class ChatFollower {
  readonly #sink: EventSink;
  readonly #timers: Timers;
  readonly #look: (cursor: number) => Promise<Followed>;
  #reader: StreamReader | undefined;
  #isClosed = false;

  constructor(sink: EventSink, timers: Timers, look: (cursor: number) => Promise<Followed>) {
    this.#sink = sink;
    this.#timers = timers;
    this.#look = look;
  }

  /** The stream that is being read; undefined when none is. */
  get streamId(): string | undefined {
    return this.#reader?.id;
  }

  /** Follows from here on; what was followed before is left. Of a session that is over meanwhile nobody reads. */
  follow(from: FollowFrom): void {
    if (this.#isClosed) {
      from.events.close();
      return;
    }
    this.#reader?.close();
    this.#reader = from.events;
    void this.#run(from).catch(() => this.#sink.out.end(1011, 'What follows cannot be read'));
  }

  close(): void {
    this.#isClosed = true;
    this.#reader?.close();
    this.#reader = undefined;
  }

  async #run({ events, read = [], after }: FollowFrom): Promise<void> {
    const isFollowed = (reader: StreamReader) => !this.#isClosed && this.#reader === reader;
    let last = await sendEvents(read, this.#sink, after, () => isFollowed(events));
    let looks = 0;
    for (let reader: StreamReader | undefined = events; reader !== undefined; ) {
      const before = last;
      const current = reader;
      last = await relayEvents(current, this.#sink, last, () => isFollowed(current));
      if (!isFollowed(current)) return;
      looks = last > before ? 0 : looks + 1;
      if (looks > 0) await this.#timers.sleep(looks * LOOK_AGAIN_MS);
      const next = await this.#next(last, looks);
      if (!isFollowed(current)) {
        next?.close();
        return;
      }
      this.#reader = next;
      reader = next;
    }
  }

  /** What follows an offset; undefined when nothing does, or the client has been told what became of it. */
  async #next(cursor: number, looks: number): Promise<StreamReader | undefined> {
    for (let look = looks; ; look += 1) {
      try {
        if (look >= MAX_LOOKS) this.#sink.out.end(1011, 'What follows cannot be read');
        const next = look >= MAX_LOOKS ? undefined : await this.#look(cursor);
        if (next?.kind === 'following') return next.events;
        if (next?.kind === 'lost') await sendEvents([next.event], this.#sink, cursor - 1);
        return undefined;
      } catch (error) {
        if (error instanceof DomainError && error.code === 'chat.not_found') {
          this.#sink.out.end(4503, 'The chat session is gone');
          return undefined;
        }
        if (!(error instanceof PortError) && !(error instanceof DomainError)) throw error;
        await this.#timers.sleep((look + 1) * LOOK_AGAIN_MS);
      }
    }
  }
}
