import { DomainError } from '../../../domain/domain-error.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';

/** Somebody who follows a stream. */
export interface Follower {
  /** Until when this follower is known to have made progress; `nowMs` while it waits for more. */
  progressedAtMs(nowMs: number): number;
}

/** Who follows which stream, up to a limit each. */
export class StreamPresence {
  readonly #followers = new Map<StreamId, Set<Follower>>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
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
  }

  /** Counts a follower out. True when it was the last one. */
  leave(id: StreamId, follower: Follower): boolean {
    const set = this.#followers.get(id);
    if (set === undefined || !set.delete(follower) || set.size > 0) return false;
    this.#followers.delete(id);
    return true;
  }

  /** The latest time at which a follower of the stream made progress; undefined when nobody follows it. */
  progressedAtMs(id: StreamId, nowMs: number): number | undefined {
    const set = this.#followers.get(id);
    if (set === undefined) return undefined;
    let latestMs = 0;
    for (const follower of set) latestMs = Math.max(latestMs, follower.progressedAtMs(nowMs));
    return latestMs;
  }
}
