import type { MuxError } from './mux-error.ts';
import type { MuxMessage } from './mux-message.ts';
import { MIN_WINDOW_BYTES } from './mux-options.ts';
import { Queue } from './queue.ts';

/** Most messages that wait for the consumer: such as have no bytes take nothing of a window. */
const MAX_WAITING = 65_536;
/** Bytes that may wait beyond one window: what earlier connections brought, each its smallest window. */
const MAX_CARRIED_BYTES = 1_048_576;

interface Waiting {
  readonly message: MuxMessage;
  readonly bytes: number;
  /** The connection that it came on; only that one's window gets its bytes back. */
  readonly attachment: number;
}
interface Taker {
  resolve(result: IteratorResult<MuxMessage, undefined>): void;
  reject(error: unknown): void;
}

/**
 * What has come for a session and waits for its consumer. The server is granted only what has been taken out again, so
 * that a consumer who stops makes the server stop, through cuts as well.
 */
export class SessionInbox {
  readonly #windowBytes: number;
  readonly #grant: (bytes: number) => void;
  readonly #onRoom: () => void;
  readonly #waiting = new Queue<Waiting>();
  readonly #takers: Taker[] = [];
  #bytes = 0;
  #attachment = 0;
  #window = 0;
  #grantAt = 0;
  #owed = 0;
  #end: { readonly error?: MuxError } | undefined;
  /** The offset of the last EVENT that the consumer was given, or told of as missing. */
  givenOffset = 0;

  /** `grant`: sends a CREDIT. `onRoom`: the consumer has taken something. */
  constructor(windowBytes: number, grant: (bytes: number) => void, onRoom: () => void) {
    this.#windowBytes = windowBytes;
    this.#grant = grant;
    this.#onRoom = onRoom;
  }

  /** What waits, in bytes of payload. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many messages wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** What the server may still send on this connection, in bytes. */
  get window(): number {
    return this.#window;
  }

  /** Whether one more connection may bring what it will. */
  get hasRoom(): boolean {
    return this.#bytes < this.#windowBytes + MAX_CARRIED_BYTES && this.#waiting.length < MAX_WAITING;
  }

  /** Begins on another connection. @returns the window to grant there, in bytes: less what waits already. */
  begin(): number {
    this.#attachment += 1;
    this.#owed = 0;
    this.#window = Math.max(MIN_WINDOW_BYTES, this.#windowBytes - this.#bytes);
    this.#grantAt = Math.floor(this.#window / 2);
    return this.#window;
  }

  /** A payload has come. @returns false when the server was not allowed to send it, or nobody takes anything out. */
  receive(bytes: number): boolean {
    if (this.#window <= 0 || this.#waiting.length >= MAX_WAITING) return false;
    this.#window -= bytes;
    return true;
  }

  /** A payload that has come is done with already. */
  done(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed < this.#grantAt || this.#owed === 0) return;
    const owed = this.#owed;
    this.#owed = 0;
    this.#window += owed;
    this.#grant(owed);
  }

  /** Adds a message for the consumer. */
  push(message: MuxMessage, bytes: number): void {
    if (this.#end !== undefined) return;
    this.#bytes += bytes;
    this.#waiting.push({ message, bytes, attachment: this.#attachment });
    this.#give();
  }

  /** Adds a word about what was sent, unless the same one waits already. */
  notice(message: Extract<MuxMessage, { readonly type: 'refused' }>): void {
    const last = this.#waiting.last?.message;
    if (last?.type === 'refused' && last.code === message.code) return;
    if (this.#waiting.length < MAX_WAITING) this.push(message, 0);
  }

  /** The next message; done, or rejected with the error, once all have been given and the session is over. */
  next(): Promise<IteratorResult<MuxMessage, undefined>> {
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      this.#give();
    });
  }

  /** Nothing more comes. */
  end(error?: MuxError): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#give();
  }

  #give(): void {
    while (this.#takers.length > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      const { message, bytes, attachment } = next;
      this.#bytes -= bytes;
      if (message.type === 'event' || message.type === 'gap') this.givenOffset = message.offset;
      if (attachment === this.#attachment) this.done(bytes);
      this.#takers.shift()?.resolve({ done: false, value: message });
      this.#onRoom();
    }
    if (this.#end === undefined || this.#waiting.length > 0) return;
    for (const { resolve, reject } of this.#takers.splice(0)) {
      if (this.#end.error === undefined) resolve({ done: true, value: undefined });
      else reject(this.#end.error);
    }
  }
}
