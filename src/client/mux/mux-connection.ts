import type { Platform, SocketLike } from '../platform/platform.ts';
import { type Closure, CUT } from './close-rules.ts';
import {
  CONNECTION,
  FRAME,
  type FrameType,
  frame,
  jsonOf,
  jsonPayload,
  messagesOf,
  type ReceivedFrame,
  readFrames,
} from './frames.ts';
import { MuxError } from './mux-error.ts';
import {
  type Opened,
  readAuthed,
  readClose,
  readError,
  readGoAway,
  readOpened,
  type ServerError,
} from './server-words.ts';

/** After so long without a word of the server it is asked for one, in milliseconds. */
export const PING_AFTER_MS = 20_000;
/** How long it may take to answer, in milliseconds; then the connection is dead. */
export const PONG_WITHIN_MS = 10_000;
/** How long an OPEN may go unanswered, in milliseconds. */
const OPENED_WITHIN_MS = 30_000;

/** A session that is on a connection. */
export interface Attached {
  /** It is open, and this is said before anything of it comes. */
  onOpened(opened: Opened, connection: MuxConnection): void;
  onFrame(frame: ReceivedFrame): void;
  /** It is on this connection no more. */
  onClosed(closure: Closure): void;
}

/** What a connection tells whoever keeps it. */
export interface ConnectionWatcher {
  /** It is to be used for nothing new, and comes back after so long, in milliseconds. */
  onGoAway(reconnectAfterMs: number): void;
  /** When the connection's own credential expires, in unix milliseconds; null when it does not. */
  onExpiry(expiresAt: number | null): void;
  /** An ERROR answers an AUTH. */
  onRefusedAuth(error: ServerError): void;
  onClosed(closure: Closure): void;
}

interface Pending {
  readonly sink: Attached;
  resolve(): void;
  reject(error: MuxError): void;
  cancel(): void;
}

/** One open socket and the sessions on it. */
export class MuxConnection {
  readonly #platform: Platform;
  readonly #socket: SocketLike;
  readonly #watcher: ConnectionWatcher;
  readonly #batch: boolean;
  readonly #sessions = new Map<bigint, Attached>();
  readonly #pending = new Map<string, Pending>();
  /** Sessions that this side has closed, whose CLOSE is an answer. */
  readonly #parting = new Set<bigint>();
  #going: Uint8Array[] = [];
  #refs = 0;
  #closure: Closure | undefined;
  #cancelBeat: () => void;
  #isAsked = false;

  /** `socket` is open. */
  constructor(socket: SocketLike, platform: Platform, watcher: ConnectionWatcher) {
    this.#platform = platform;
    this.#socket = socket;
    this.#watcher = watcher;
    this.#batch = socket.protocol.endsWith('.batch');
    socket.onmessage = ({ data }) => this.#onMessage(data);
    socket.onclose = ({ code, reason }) => this.#gone(code, reason);
    this.#cancelBeat = this.#beat();
  }

  /** How many sessions it has, and how many are being opened. */
  get load(): number {
    return this.#sessions.size + this.#pending.size;
  }

  get isClosed(): boolean {
    return this.#closure !== undefined;
  }

  /** What the socket has not written, in bytes. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /**
   * Asks for a session. Resolves once it is the sink's.
   *
   * @throws MuxError with the server's code; `lost` when the connection goes before an answer.
   */
  open(asked: Readonly<Record<string, unknown>>, sink: Attached): Promise<void> {
    this.#refs += 1;
    const ref = String(this.#refs);
    return new Promise((resolve, reject) => {
      if (this.isClosed) {
        reject(new MuxError('lost', 'The connection was lost'));
        return;
      }
      const cancel = this.#platform.after(OPENED_WITHIN_MS, () => {
        this.#pending.delete(ref);
        reject(new MuxError('lost', 'The server did not answer'));
      });
      this.#pending.set(ref, { sink, resolve, reject, cancel });
      this.send(CONNECTION, FRAME.OPEN, jsonPayload({ ref, ...asked }));
    });
  }

  /** Sends a frame, together with what else is sent in this turn. */
  send(handle: bigint, type: FrameType, payload: Uint8Array): void {
    if (this.isClosed) return;
    if (this.#going.length === 0) queueMicrotask(() => this.#flush());
    this.#going.push(frame(handle, type, payload));
  }

  /** Closes a session from here. */
  closeSession(handle: bigint, code: number): void {
    if (!this.#sessions.has(handle) || this.#parting.has(handle)) return;
    this.#parting.add(handle);
    this.send(handle, FRAME.CLOSE, jsonPayload({ code }));
  }

  /** Lets a session go: what still comes of it is nobody's. */
  forget(handle: bigint): void {
    this.#sessions.delete(handle);
    this.#parting.delete(handle);
  }

  /** Shows another credential for the connection itself. */
  renew(credential: string): void {
    this.send(CONNECTION, FRAME.AUTH, jsonPayload({ credential }));
  }

  /** Closes the socket with a code of the protocol, which a browser's WebSocket could not send by itself. */
  close(code: number): void {
    if (this.isClosed) return;
    this.send(CONNECTION, FRAME.CLOSE, jsonPayload({ code }));
    this.#flush();
    this.#drop({ code, reason: '', of: 'socket' });
  }

  #flush(): void {
    if (this.isClosed || this.#going.length === 0) return;
    const frames = this.#going;
    this.#going = [];
    for (const message of messagesOf(frames, this.#batch)) this.#socket.send(message);
  }

  #onMessage(data: unknown): void {
    this.#cancelBeat();
    this.#isAsked = false;
    this.#cancelBeat = this.#beat();
    const frames = data instanceof ArrayBuffer ? readFrames(new Uint8Array(data)) : undefined;
    if (frames === undefined) {
      this.#drop({ code: 1002, reason: 'What came is not of the form of this protocol', of: 'socket' });
      return;
    }
    for (const one of frames) {
      if (this.isClosed) return;
      if (one.handle === CONNECTION) this.#onOwn(one);
      else this.#onSession(one);
    }
  }

  #onSession(one: ReceivedFrame): void {
    const sink = this.#sessions.get(one.handle);
    if (one.type === FRAME.CLOSE) {
      const { code, reason } = readClose(jsonOf(one.payload));
      // Answered, so that the server may forget the handle; an answer of its own is not.
      if (sink !== undefined) this.closeSession(one.handle, code);
      this.forget(one.handle);
      sink?.onClosed({ code, reason, of: 'session' });
      return;
    }
    if (one.type === FRAME.PING) this.send(one.handle, FRAME.PONG, one.payload);
    else sink?.onFrame(one);
  }

  #onOwn({ type, payload }: ReceivedFrame): void {
    if (type === FRAME.PING) this.send(CONNECTION, FRAME.PONG, payload);
    if (type === FRAME.PING || type === FRAME.PONG) return;
    const json = jsonOf(payload);
    if (type === FRAME.OPENED) this.#onOpened(String(json.ref), readOpened(json));
    else if (type === FRAME.AUTHED) this.#watcher.onExpiry(readAuthed(json));
    else if (type === FRAME.GOAWAY) this.#watcher.onGoAway(readGoAway(json));
    else if (type === FRAME.CLOSE) this.#drop({ ...readClose(json), of: 'socket' });
    else if (type === FRAME.ERROR) this.#onError(json.ref, readError(json));
  }

  #onOpened(ref: string, opened: Opened | undefined): void {
    const pending = this.#take(ref);
    if (opened === undefined) {
      this.#drop({ code: 1002, reason: 'An OPENED could not be read', of: 'socket' });
      return;
    }
    if (pending === undefined) {
      // Nobody waits for it any more: left, so that it takes no place here, and is there for whoever asks again.
      this.send(opened.handle, FRAME.CLOSE, jsonPayload({ code: 1001 }));
      return;
    }
    this.#sessions.set(opened.handle, pending.sink);
    pending.sink.onOpened(opened, this);
    pending.resolve();
  }

  #onError(ref: unknown, error: ServerError): void {
    const { code, message, retryAfterMs } = error;
    const pending = typeof ref === 'string' ? this.#take(ref) : undefined;
    if (pending !== undefined) {
      pending.reject(new MuxError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs }));
      return;
    }
    if (code.startsWith('auth.') || code === 'unavailable') this.#watcher.onRefusedAuth(error);
    if (code !== 'rate.limited') return;
    // A frame of somebody was not looked at, and nobody can say whose: all begin anew, when the server lets them.
    this.#drop({ code: 4029, reason: message, of: 'socket', retryAfterMs });
  }

  #take(ref: string): Pending | undefined {
    const pending = this.#pending.get(ref);
    pending?.cancel();
    this.#pending.delete(ref);
    return pending;
  }

  /** Asks for a word of the server when none has come for a while, and gives it up when none comes then. */
  #beat(): () => void {
    return this.#platform.after(this.#isAsked ? PONG_WITHIN_MS : PING_AFTER_MS, () => {
      if (this.#isAsked) {
        this.#drop({ code: CUT, reason: 'The server does not answer', of: 'socket' });
        return;
      }
      this.#isAsked = true;
      this.send(CONNECTION, FRAME.PING, new Uint8Array());
      this.#cancelBeat = this.#beat();
    });
  }

  /** Closes the socket from here; what comes of it afterwards counts for nothing. */
  #drop(closure: Closure): void {
    if (this.isClosed) return;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#end(closure);
    this.#socket.close(1000);
  }

  #gone(code: number, reason: string): void {
    this.#end({ code, reason, of: 'socket' });
  }

  #end(closure: Closure): void {
    if (this.isClosed) return;
    this.#closure = closure;
    this.#cancelBeat();
    this.#watcher.onClosed(closure);
    for (const { reject, cancel } of this.#pending.values()) {
      cancel();
      reject(new MuxError('lost', 'The connection was lost', { closeCode: closure.code }));
    }
    this.#pending.clear();
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) session.onClosed(closure);
  }
}
