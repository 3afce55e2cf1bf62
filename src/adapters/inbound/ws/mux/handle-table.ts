import type { IdSource } from '../../../../application/ports/id-source.ts';
import { invariant } from '../../../../domain/invariant.ts';
import type { Handle } from './frame.ts';

/** Random bits that a handle is drawn from, of which it takes 64. */
const DRAWN_BITS = 128;
/** How long frames on a handle that the server has closed are dropped silently, in milliseconds. */
export const CLOSED_HANDLE_KEPT_MS = 30_000;
/** Most closed handles that are remembered; the oldest is forgotten first. */
export const MAX_CLOSED_HANDLES = 1_000;

interface Entry<Session> extends Handle {
  readonly session: Session;
}
interface Closed extends Handle {
  readonly untilMs: number;
}

/**
 * The sessions of one connection by their handles, in one look-up each. Handles are random, so that one of another
 * connection, or of one that was closed here, means nothing here. They are found by their lower halves, of which no two
 * are alike within a connection, and compared whole.
 */
export class HandleTable<Session> {
  readonly #ids: Pick<IdSource, 'secret'>;
  readonly #maxSessions: number;
  readonly #open = new Map<number, Entry<Session>>();
  /** Made with the first that is closed. */
  #closed: Map<number, Closed> | undefined;

  constructor(ids: Pick<IdSource, 'secret'>, maxSessions: number) {
    this.#ids = ids;
    this.#maxSessions = maxSessions;
  }

  /** How many sessions are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Whether no other session may be opened. */
  get isFull(): boolean {
    return this.#open.size >= this.#maxSessions;
  }

  /** Gives a session a handle. @throws InvariantViolation when the table is full. */
  open(session: Session): Handle {
    invariant(!this.isFull, 'the connection has as many sessions as it may have');
    for (;;) {
      const bytes = Buffer.from(this.#ids.secret(DRAWN_BITS), 'base64url');
      const [high, low] = [bytes.readInt32BE(0), bytes.readInt32BE(4)];
      if ((high === 0 && low === 0) || this.#open.has(low) || this.#closed?.has(low)) continue;
      // Whoever keeps the handle keeps what it is found by, and not a second one of its kind.
      const entry = { high, low, session };
      this.#open.set(low, entry);
      return entry;
    }
  }

  /** The session of a handle; undefined when it has none here. */
  find({ high, low }: Handle): Session | undefined {
    const entry = this.#open.get(low);
    return entry?.high === high ? entry.session : undefined;
  }

  /** Whether the server has closed a handle a moment ago, so that what still comes on it is nobody's mistake. */
  isJustClosed({ high, low }: Handle, nowMs: number): boolean {
    const closed = this.#closed?.get(low);
    return closed?.high === high && nowMs < closed.untilMs;
  }

  /** The server has closed a session: what its client sent before it knew is dropped silently. */
  close(handle: Handle, nowMs: number): void {
    if (!this.remove(handle)) return;
    this.#closed ??= new Map();
    for (const [low, { untilMs }] of this.#closed) {
      if (nowMs < untilMs && this.#closed.size < MAX_CLOSED_HANDLES) break;
      this.#closed.delete(low);
    }
    // Only its halves: the session itself is let go.
    const { high, low } = handle;
    this.#closed.set(low, { high, low, untilMs: nowMs + CLOSED_HANDLE_KEPT_MS });
  }

  /** The client has closed a session, or answered that we did: nothing comes on the handle any more. */
  remove({ high, low }: Handle): boolean {
    if (this.#closed?.get(low)?.high === high) this.#closed.delete(low);
    return this.#open.get(low)?.high === high && this.#open.delete(low);
  }

  /** Every open session with its handle. */
  entries(): IterableIterator<Entry<Session>> {
    return this.#open.values();
  }
}
