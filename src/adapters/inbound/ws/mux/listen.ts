import type { WebSocket } from 'ws';
import { type Breach, breachOf } from './mux-socket.ts';

/** Whoever is told what comes of a WebSocket. */
export interface Listener {
  onMessage(data: Buffer, isBinary: boolean): void;
  onPing(data: Buffer): void;
  onPong(): void;
  /** Its bytes are none of a WebSocket's, or too many; it closes of itself. */
  onBreach(breach: Breach): void;
  /** It is gone, or is closing: nothing may follow a close, whoever began it. */
  onSocketClose(): void;
}

/** Where a WebSocket keeps who listens to it. */
const LISTENER = Symbol('listener');

interface Heard extends WebSocket {
  [LISTENER]?: Listener;
}

/**
 * Tells a listener everything from now on. The functions are the same for all WebSockets: five of its own each would
 * take most of what an idle connection is worth.
 */
export function listen(socket: WebSocket, listener: Listener): void {
  (socket as Heard)[LISTENER] = listener;
  socket.on('message', onMessage);
  socket.on('ping', onPing);
  socket.on('pong', onPong);
  socket.on('error', onError);
  socket.on('closing', onClose);
  socket.on('close', onClose);
}

function onMessage(this: Heard, data: Buffer, isBinary: boolean): void {
  this[LISTENER]?.onMessage(data, isBinary);
}

function onPing(this: Heard, data: Buffer): void {
  this[LISTENER]?.onPing(data);
}

function onPong(this: Heard): void {
  this[LISTENER]?.onPong();
}

function onError(this: Heard, error: { readonly code?: unknown }): void {
  // Whatever it is, no error of a socket is one of the process.
  const breach = breachOf(error);
  if (breach !== undefined) this[LISTENER]?.onBreach(breach);
}

function onClose(this: Heard): void {
  this[LISTENER]?.onSocketClose();
}
