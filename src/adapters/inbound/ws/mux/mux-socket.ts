import { WebSocket } from 'ws';
import type { CloseCode, ErrorCode } from './codes.ts';

/** Codes that the library closes by of itself and the closed list does not have, and what it has for them. */
const LISTED: Readonly<Partial<Record<number, CloseCode>>> = {
  // A text that is not UTF-8.
  1007: 1003,
  // A message in more pieces than it may have.
  1008: 1009,
};

/** Whoever is told what comes of a WebSocket. */
export interface SocketListener {
  onMessage(data: Buffer, isBinary: boolean): void;
  onPing(data: Buffer): void;
  onPong(): void;
  /** Its bytes are none of a WebSocket's, or too many; it closes of itself. */
  onBreach(breach: Breach): void;
  /** It is gone, or is closing: nothing may follow a close, whoever began it. */
  onSocketClose(): void;
}

/** A WebSocket as a connection has it. */
export interface ClientSocket {
  listener: SocketListener | undefined;
  ping(): void;
  pong(data: Buffer): void;
  close(code: CloseCode, reason: string): void;
  terminate(): void;
}

/**
 * The server's end of a WebSocket. It closes by the codes of this protocol alone. Its one listener is told by calls: a
 * table of handlers for each socket would take more than all else that an idle connection keeps.
 */
export class MuxSocket extends WebSocket implements ClientSocket {
  listener: SocketListener | undefined = undefined;

  override close(code?: number, reason?: string | Buffer): void {
    if (this.readyState === WebSocket.OPEN) this.listener?.onSocketClose();
    // The library gives no reason of its own; a client's close has one, if an empty one, and is answered by the same code.
    const listed = reason === undefined && code !== undefined ? LISTED[code] : undefined;
    super.close(listed ?? code, reason);
  }

  override emit(event: string | symbol, first?: unknown, second?: unknown): boolean {
    const { listener } = this;
    if (event === 'message') listener?.onMessage(first as Buffer, second as boolean);
    else if (event === 'ping') listener?.onPing(first as Buffer);
    else if (event === 'pong') listener?.onPong();
    else if (event === 'error') {
      // Whatever it is, no error of a socket is one of the process.
      const breach = breachOf(first as { readonly code?: unknown });
      if (breach !== undefined) listener?.onBreach(breach);
    } else {
      if (event === 'close') listener?.onSocketClose();
      return super.emit(event, first, second);
    }
    return true;
  }
}

/** What the library has found wrong with bytes of a client's. */
export interface Breach {
  readonly close: CloseCode;
  readonly error: ErrorCode;
}

const BY_LIBRARY: Readonly<Record<string, Breach>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: { close: 1009, error: 'message.too_large' },
  WS_ERR_TOO_MANY_BUFFERED_PARTS: { close: 1009, error: 'message.too_large' },
  WS_ERR_INVALID_UTF8: { close: 1003, error: 'frame.malformed' },
};

/** What an error of a socket's says of its client; undefined of one that is the network's. */
export function breachOf({ code }: { readonly code?: unknown }): Breach | undefined {
  if (typeof code !== 'string' || !code.startsWith('WS_ERR_')) return undefined;
  return BY_LIBRARY[code] ?? { close: 1002, error: 'frame.malformed' };
}
