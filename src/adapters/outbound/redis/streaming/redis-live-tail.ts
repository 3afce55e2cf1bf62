import { randomBytes } from 'node:crypto';
import type { LiveTail, TailListener } from '../../../../application/ports/streaming/live-tail.ts';
import type { Timers } from '../../../../application/ports/timers.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { RedisWire } from '../redis-wire.ts';
import { readTailText, type TailMessage, tailText } from './tail-message.ts';

/** How often readers look into the log while nothing is carried, in milliseconds. */
const LOOK_EVERY_MS = 250;
/** After so many looks' time of silence a reader looks into the log, even where everything seems to be carried. */
const SILENT_LOOKS = 20;
/** The same for streams that are driven on this node, whose readers lose nothing. */
const OWN_SILENT_LOOKS = 40;
/** Most streams whose readers elsewhere are to be told that something was lost; they look by themselves as well. */
const MAX_OWED = 10_000;

/** A stream that somebody on this node reads. */
interface Followed {
  readonly listeners: Set<TailListener>;
  leave(): void;
  /** Whether its events come from this node, which loses none of them. */
  isOwn: boolean;
  /** How many looks' time nothing was told. */
  silentLooks: number;
}

/**
 * Carries events between the nodes of a fleet: to readers on the writer's node at once, to the others over Redis, by
 * one subscription for each node and stream. Where Redis is away, or there is none, readers are told to look into the
 * log four times a second.
 */
export class RedisLiveTail implements LiveTail {
  readonly #followed = new Map<StreamId, Followed>();
  /** Streams whose readers elsewhere do not know yet that they have missed something. */
  readonly #owed = new Set<StreamId>();
  readonly #origin = randomBytes(9).toString('base64url');
  readonly #wire: RedisWire;
  readonly #timers: Timers;
  #isLooking = false;

  constructor(given: { readonly wire: RedisWire; readonly timers: Timers }) {
    this.#wire = given.wire;
    this.#timers = given.timers;
  }

  publish(id: StreamId, events: readonly StreamEvent[]): void {
    const followed = this.#followed.get(id);
    if (followed !== undefined) {
      followed.isOwn = true;
      tell(followed, { kind: 'events', events });
    }
    this.#send(id, { kind: 'events', events });
  }

  disconnect(id: StreamId): void {
    const followed = this.#followed.get(id);
    if (followed !== undefined) {
      followed.isOwn = false;
      tell(followed, { kind: 'disconnected' });
    }
    this.#send(id, { kind: 'disconnected' });
  }

  subscribe(id: StreamId, listener: TailListener): () => void {
    const followed = this.#followed.get(id) ?? this.#follow(id);
    followed.listeners.add(listener);
    return () => {
      if (!followed.listeners.delete(listener) || followed.listeners.size > 0) return;
      this.#followed.delete(id);
      followed.leave();
    };
  }

  #follow(id: StreamId): Followed {
    const followed: Followed = {
      listeners: new Set(),
      leave: () => undefined,
      isOwn: false,
      silentLooks: 0,
    };
    this.#followed.set(id, followed);
    followed.leave = this.#wire.subscribe(channelOf(id), {
      onMessage: (text) => {
        const message = readTailText(text, this.#origin);
        if (message !== undefined) tell(followed, message);
      },
      onActive: () => {
        if (!followed.isOwn) tell(followed, { kind: 'missed' });
      },
    });
    this.#look();
    return followed;
  }

  #send(id: StreamId, message: TailMessage): void {
    this.#wire.publish(channelOf(id), tailText(this.#origin, message), () => {
      if (this.#owed.size < MAX_OWED) this.#owed.add(id);
      this.#look();
    });
  }

  /** Looks on as long as somebody reads here or has missed something elsewhere. */
  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#lookOn().catch(() => undefined);
  }

  async #lookOn(): Promise<void> {
    try {
      while (this.#followed.size > 0 || this.#owed.size > 0) {
        await this.#timers.sleep(LOOK_EVERY_MS);
        this.#tick();
      }
    } finally {
      this.#isLooking = false;
    }
  }

  #tick(): void {
    const { isConnected } = this.#wire;
    for (const followed of this.#followed.values()) {
      followed.silentLooks += 1;
      const patience = followed.isOwn ? OWN_SILENT_LOOKS : isConnected ? SILENT_LOOKS : 1;
      if (followed.silentLooks >= patience) tell(followed, { kind: 'missed' });
    }
    if (!isConnected) return;
    for (const id of [...this.#owed]) {
      this.#owed.delete(id);
      this.#send(id, { kind: 'missed' });
    }
  }
}

const channelOf = (id: StreamId): string => `tail:${id}`;

function tell(followed: Followed, message: TailMessage): void {
  followed.silentLooks = 0;
  // A copy, since whoever is told may leave or come.
  for (const listener of [...followed.listeners]) {
    if (message.kind === 'events') listener.onEvents(message.events);
    else if (message.kind === 'disconnected') listener.onDisconnected();
    else listener.onMissed();
  }
}
