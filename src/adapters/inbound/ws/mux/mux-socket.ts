import { WebSocket } from 'ws';
import type { CloseCode, ErrorCode } from './codes.ts';

/** Codes that the library closes by of itself and the closed list does not have, and what it has for them. */
const LISTED: Readonly<Partial<Record<number, CloseCode>>> = {
  // A text that is not UTF-8.
  1007: 1003,
  // A message in more pieces than it may have.
  1008: 1009,
};

/** The server's end of a WebSocket. It closes by the codes of this protocol alone, and emits `closing` before it does. */
export class MuxSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    if (this.readyState === WebSocket.OPEN) this.emit('closing');
    // The library gives no reason of its own; a client's close has one, if an empty one, and is answered by the same code.
    const listed = reason === undefined && code !== undefined ? LISTED[code] : undefined;
    super.close(listed ?? code, reason);
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
