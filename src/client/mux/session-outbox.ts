import type { Platform } from '../platform/platform.ts';
import { MuxError } from './mux-error.ts';
import { MAX_WINDOW_BYTES } from './mux-options.ts';
import { Pacer } from './pacer.ts';
import { Queue } from './queue.ts';
import type { Opened } from './server-words.ts';

/** Most bytes, and most frames, that wait to be sent on one session. */
const MAX_WAITING_BYTES = 4_194_304;
const MAX_WAITING_FRAMES = 65_536;
/** While the socket has more than this to write, a session gives it nothing more, in bytes. */
const SOCKET_BYTES = 1_048_576;
/** When a socket that has too much to write is looked at again, in milliseconds. */
const LOOK_AGAIN_MS = 10;

/** Where frames go. */
export interface OutboxLine {
  /** What the socket has not written, in bytes. */
  readonly bufferedBytes: number;
  send(payload: Uint8Array): void;
}

interface Waiting {
  readonly payload: Uint8Array;
  resolve(): void;
  reject(error: MuxError): void;
}

/** What waits to be sent on a session: within the server's window, within its rate, and only while there is a connection. */
export class SessionOutbox {
  readonly #platform: Platform;
  readonly #isPaced: boolean;
  readonly #waiting = new Queue<Waiting>();
  #bytes = 0;
  #window = 0;
  #maxMessageBytes = Number.POSITIVE_INFINITY;
  #pacer: Pacer | undefined;
  #line: OutboxLine | undefined;
  #cancel: (() => void) | undefined;
  #end: MuxError | undefined;

  constructor(platform: Platform, isPaced: boolean) {
    this.#platform = platform;
    this.#isPaced = isPaced;
  }

  /** How many frames wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** What waits, in bytes of payload. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What the server still lets be sent on this connection, in bytes. */
  get window(): number {
    return this.#window;
  }

  /**
   * Sends a payload as soon as it may be sent. Resolves when it has been given to a connection.
   *
   * @throws MuxError `message.too_large`, `queue.full`, or why the session is over.
   */
  send(payload: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (code: 'message.too_large' | 'queue.full', message: string): void =>
        reject(new MuxError(code, message));
      if (this.#end !== undefined) reject(this.#end);
      else if (payload.length > this.#maxMessageBytes)
        refuse('message.too_large', `A message has at most ${this.#maxMessageBytes} bytes`);
      else if (this.#bytes + payload.length > MAX_WAITING_BYTES || this.#waiting.length >= MAX_WAITING_FRAMES)
        refuse('queue.full', 'Too much waits to be sent: wait for what send() returns');
      else {
        this.#bytes += payload.length;
        this.#waiting.push({ payload, resolve, reject });
        this.#pump();
      }
    });
  }

  /** A connection has the session now. */
  attach(line: OutboxLine, { window, ratePerMinute, burst, maxMessageBytes }: Opened): void {
    this.#line = line;
    this.#window = window;
    this.#maxMessageBytes = maxMessageBytes;
    if (this.#pacer === undefined) {
      this.#pacer = new Pacer(ratePerMinute, burst, this.#platform.monotonicMs());
    } else this.#pacer.limits(ratePerMinute, burst);
    this.#pump();
  }

  /** The connection has gone. What waits goes on by the next one. */
  detach(): void {
    this.#line = undefined;
    this.#calm();
  }

  /** The server lets more be sent. @returns false when it grants more than a window may be. */
  grant(bytes: number): boolean {
    if (this.#window + bytes > MAX_WINDOW_BYTES) return false;
    this.#window += bytes;
    this.#pump();
    return true;
  }

  /** The server has refused a frame, and takes the next one only after a while. */
  pause(forMs: number): void {
    if (this.#isPaced) this.#pacer?.pause(this.#platform.monotonicMs(), forMs);
  }

  /** Nothing is sent any more. */
  end(error: MuxError): void {
    this.#end ??= error;
    this.detach();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.reject(this.#end);
    }
    this.#bytes = 0;
  }

  #calm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #pump(): void {
    this.#calm();
    while (this.#line !== undefined && this.#waiting.length > 0 && this.#window > 0) {
      const waitMs = this.#waitMs(this.#line);
      if (waitMs > 0) {
        this.#cancel = this.#platform.after(waitMs, () => this.#pump());
        return;
      }
      const { payload, resolve, reject } = this.#waiting.shift() as Waiting;
      this.#bytes -= payload.length;
      if (payload.length > this.#maxMessageBytes) {
        reject(new MuxError('message.too_large', `A message has at most ${this.#maxMessageBytes} bytes`));
        continue;
      }
      this.#window -= payload.length;
      this.#line.send(payload);
      resolve();
    }
  }

  #waitMs(line: OutboxLine): number {
    if (line.bufferedBytes > SOCKET_BYTES) return LOOK_AGAIN_MS;
    return this.#isPaced ? (this.#pacer?.take(this.#platform.monotonicMs()) ?? 0) : 0;
  }
}
