import type { IdSource } from '../../../../application/ports/id-source.ts';
import { invariant } from '../../../../domain/invariant.ts';
import type { Handle } from './frame.ts';

/** Random bits that a handle is drawn from, of which it takes 64. */
const DRAWN_BITS = 128;
/** How long frames on a handle that the server has closed are dropped silently, in milliseconds. */
export const CLOSED_HANDLE_KEPT_MS = 30_000;
/** Most closed handles that are remembered; the oldest is forgotten first. */
export const MAX_CLOSED_HANDLES = 1_000;

/** What is given a handle, which it keeps itself: there is one for each session, and nothing else to keep beside it. */
export interface Handled {
  high: number;
  low: number;
}
interface Closed extends Handle {
  readonly untilMs: number;
}

/**
 * The sessions of one connection by their handles, in one look-up each. Handles are random, so that one of another
 * connection, or of one that was closed here, means nothing here. They are found by their lower halves, of which no two
 * are alike within a connection, and compared whole.
 */
export class HandleTable<Session extends Handled> {
  readonly #ids: Pick<IdSource, 'secret'>;
  readonly #maxSessions: number;
  readonly #open = new Map<number, Session>();
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

  /** Gives a session its handle. @throws InvariantViolation when the table is full. */
  open(session: Session): void {
    invariant(!this.isFull, 'the connection has as many sessions as it may have');
    for (;;) {
      const bytes = Buffer.from(this.#ids.secret(DRAWN_BITS), 'base64url');
      const [high, low] = [bytes.readInt32BE(0), bytes.readInt32BE(4)];
      if ((high === 0 && low === 0) || this.#open.has(low) || this.#closed?.has(low)) continue;
      session.high = high;
      session.low = low;
      this.#open.set(low, session);
      return;
    }
  }

  /** The session of a handle; undefined when it has none here. */
  find({ high, low }: Handle): Session | undefined {
    const session = this.#open.get(low);
    return session?.high === high ? session : undefined;
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

  /** Every open session. */
  sessions(): IterableIterator<Session> {
    return this.#open.values();
  }
}
