import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../../domain/streaming/streaming-session.ts';
import type { Timers } from '../../ports/timers.ts';

/** Rest before a start at another node is looked at again, in milliseconds. */
const OTHER_NODE_MS = 100;

/** The starts under way on this node, so that another one with the same key can wait for what becomes of them. */
export class StartsUnderWay {
  readonly #timers: Timers;
  /** By their stream's id; resolved once it is told or undone. Bounded by the requests. */
  readonly #starts = new Map<StreamId, Promise<void>>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Takes note of a start until the returned function is called. */
  begin(id: StreamId): () => void {
    const told = Promise.withResolvers<void>();
    this.#starts.set(id, told.promise);
    return () => {
      this.#starts.delete(id);
      told.resolve();
    };
  }

  /**
   * Waits for a start that was found to be opening, so that it can be looked up again.
   *
   * @param here whether this node opens it.
   * @param seen the start that was waited for before.
   * @returns false when it opens nowhere here at a second look: it waits for recovery, and nobody can tell how long. At
   *   the first it may have been told while the answer to who looked was on its way.
   */
  async wait({ id }: StreamingSessionState, here: boolean, seen?: StreamId): Promise<boolean> {
    const told = this.#starts.get(id);
    if (told === undefined && here) return id !== seen;
    await (told ?? this.#timers.sleep(OTHER_NODE_MS));
    return true;
  }
}
