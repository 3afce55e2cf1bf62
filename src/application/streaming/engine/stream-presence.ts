import { DomainError } from '../../../domain/domain-error.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';

/** Somebody who follows a stream. */
export interface Follower {
  /** Until when this follower is known to have made progress; `nowMs` while it waits for more. */
  progressedAtMs(nowMs: number): number;
}

/** Who knows of the followers at other nodes. */
export interface Elsewhere {
  /** Somebody follows a stream that nobody followed here before. */
  onJoined(): void;
  /** Brings what is known of other nodes up to date. Never rejects. */
  look(): Promise<void>;
}

/** Who follows which stream, up to a limit each on this node. */
export class StreamPresence {
  readonly #followers = new Map<StreamId, Set<Follower>>();
  readonly #limit: number;
  #elsewhere: Elsewhere | undefined;
  #seenElsewhere: ReadonlyMap<StreamId, number> = new Map();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes part in what is known of other nodes. */
  joinElsewhere(elsewhere: Elsewhere): void {
    this.#elsewhere = elsewhere;
  }

  /** When followers on other nodes made progress last, by stream, in place of what was known before. */
  seenElsewhere(seen: ReadonlyMap<StreamId, number>): void {
    this.#seenElsewhere = seen;
  }

  /** Resolves when what is known of other nodes is of now; undefined when there are none. */
  lookElsewhere(): Promise<void> | undefined {
    return this.#elsewhere?.look();
  }

  /**
   * Counts a follower in.
   *
   * @throws DomainError `stream.limit_reached` when the stream has as many as it may.
   */
  join(id: StreamId, follower: Follower): void {
    const set = this.#followers.get(id) ?? new Set();
    if (set.size >= this.#limit) {
      throw new DomainError('stream.limit_reached', 'This stream has as many readers as it may have');
    }
    set.add(follower);
    this.#followers.set(id, set);
    if (set.size === 1) this.#elsewhere?.onJoined();
  }

  /** Counts a follower out. True when it was the last one here. */
  leave(id: StreamId, follower: Follower): boolean {
    const set = this.#followers.get(id);
    if (set === undefined || !set.delete(follower) || set.size > 0) return false;
    this.#followers.delete(id);
    return true;
  }

  /** The latest time at which a follower of the stream made progress, on any node; undefined when nobody follows it. */
  progressedAtMs(id: StreamId, nowMs: number): number | undefined {
    const elsewhereMs = this.#seenElsewhere.get(id);
    const set = this.#followers.get(id);
    return set === undefined ? elsewhereMs : Math.max(elsewhereMs ?? 0, latestOf(set, nowMs));
  }

  /** The streams that a follower here has made progress in since a time. */
  progressedSince(sinceMs: number, nowMs: number): readonly StreamId[] {
    return [...this.#followers].filter(([, set]) => latestOf(set, nowMs) >= sinceMs).map(([id]) => id);
  }
}

function latestOf(followers: ReadonlySet<Follower>, nowMs: number): number {
  let latestMs = 0;
  for (const follower of followers) latestMs = Math.max(latestMs, follower.progressedAtMs(nowMs));
  return latestMs;
}
