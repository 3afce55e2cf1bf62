import { jsonPayload } from './frames.ts';
import type { MuxMessage, SessionEnd, SessionState, SessionStats } from './mux-message.ts';
import type { SessionSnapshot } from './mux-options.ts';
import type { SessionCore } from './session-core.ts';
import type { SessionInbox } from './session-inbox.ts';
import type { SessionOutbox } from './session-outbox.ts';

/**
 * One session, through all the connections that it is on in turn. Iterating gives what comes: each EVENT once. The
 * iteration ends when the session has been closed, and throws when it ended otherwise; leaving it early closes nothing,
 * and a later one goes on where it was left.
 */
export class MuxSession implements AsyncIterable<MuxMessage> {
  readonly #core: SessionCore;

  /** Made by `MuxClient.open`. */
  constructor(core: SessionCore) {
    this.#core = core;
  }

  get kind(): string {
    return this.#core.kind;
  }

  /** The session's lasting name. */
  get sessionId(): string {
    return this.#core.sessionId;
  }

  get state(): SessionState {
    return this.#core.state;
  }

  /** Rises each time that the session comes back. */
  get epoch(): number {
    return this.#core.epoch;
  }

  /** Resolves when it is over; never rejects. */
  get ended(): Promise<SessionEnd> {
    return this.#core.end.promise;
  }

  /**
   * Sends DATA: bytes as they are, a text as UTF-8, anything else as JSON. Resolves when a connection has it, within the
   * server's window and rate; waits through cuts until then. Whether the server has acted on it, its kind's answer tells:
   * what was on its way when a connection was cut is not sent again.
   *
   * @throws MuxError `message.too_large`, `queue.full`, or why the session is over.
   */
  send(payload: Uint8Array | string | object): Promise<void> {
    return this.#core.send(bytesOf(payload));
  }

  [Symbol.asyncIterator](): AsyncIterator<MuxMessage, undefined> {
    return { next: () => this.#core.inbox.next() };
  }

  /** Ends the session for good. Resolves when it is over, at the latest after 5 seconds. */
  close(): Promise<SessionEnd> {
    return this.#part(1000);
  }

  /** Lets the session go here, to be taken back by its snapshot. Resolves when it is over here. */
  leave(): Promise<SessionEnd> {
    return this.#part(1001);
  }

  /**
   * What it takes to take the session back elsewhere, or after a reload: behind the last EVENT that the iteration gave.
   * Undefined until it is open. It has a token: keep it as secret as a password.
   */
  snapshot(): SessionSnapshot | undefined {
    const { sessionId, token, kind, inbox } = this.#core;
    return sessionId === '' ? undefined : { sessionId, token, kind, offset: inbox.givenOffset };
  }

  stats(): SessionStats {
    const { state, counts, outbox, inbox } = this.#core;
    const { received, receivedBytes, repeated } = this.#core.intake;
    return {
      state,
      ...counts,
      received,
      receivedBytes,
      repeated,
      outgoing: boxOf(outbox),
      incoming: boxOf(inbox),
    };
  }

  async #part(farewell: 1000 | 1001): Promise<SessionEnd> {
    this.#core.part(farewell);
    return this.ended;
  }
}

const boxOf = ({ length, bytes, window }: SessionInbox | SessionOutbox) => ({
  frames: length,
  bytes,
  window,
});

const bytesOf = (payload: Uint8Array | string | object): Uint8Array => {
  if (payload instanceof Uint8Array) return payload;
  return typeof payload === 'string' ? new TextEncoder().encode(payload) : jsonPayload(payload);
};
