import { FRAME, OFFSET_BYTES, offsetOf, type ReceivedFrame } from './frames.ts';
import { dataMessage, eventMessage } from './mux-message.ts';
import type { Opened } from './server-words.ts';
import type { SessionInbox } from './session-inbox.ts';

/** Takes in what a server sends on a session: within the window, and each EVENT once. */
export class SessionIntake {
  readonly #inbox: SessionInbox;
  /** Who gets DATA in the place of the consumer. */
  onData: ((bytes: Uint8Array) => void) | undefined;
  received = 0;
  receivedBytes = 0;
  repeated = 0;
  #lastOffset = 0;

  constructor(inbox: SessionInbox) {
    this.#inbox = inbox;
  }

  /** The offset of the last EVENT that came; 0 for none. */
  get lastOffset(): number {
    return this.#lastOffset;
  }

  /** Goes on where an earlier page or process was. */
  restore(offset: number): void {
    this.#lastOffset = offset;
    this.#inbox.givenOffset = offset;
  }

  /** Where EVENTs go on: behind the last that came, unless the server says that there is a gap. */
  opened({ recovered, offset }: Opened, isResumed: boolean): void {
    if (isResumed && !recovered) {
      this.#inbox.push({ type: 'gap', after: this.#lastOffset, offset }, 0);
      this.#lastOffset = offset;
    } else this.#lastOffset = Math.max(this.#lastOffset, offset);
  }

  /** Takes a DATA or an EVENT. @returns false when the server was not allowed to send it. */
  take({ type, payload }: ReceivedFrame): boolean {
    const bytes = type === FRAME.EVENT ? payload.subarray(OFFSET_BYTES) : payload;
    if (!this.#inbox.receive(bytes.length)) return false;
    this.received += 1;
    this.receivedBytes += bytes.length;
    if (type === FRAME.EVENT) this.#event(offsetOf(payload), bytes);
    else if (this.onData === undefined) this.#inbox.push(dataMessage(bytes), bytes.length);
    else {
      this.#inbox.done(bytes.length);
      this.onData(bytes);
    }
    return true;
  }

  #event(offset: number, bytes: Uint8Array): void {
    if (offset <= this.#lastOffset) {
      this.repeated += 1;
      this.#inbox.done(bytes.length);
      return;
    }
    this.#lastOffset = offset;
    this.#inbox.push(eventMessage(offset, bytes), bytes.length);
  }
}
