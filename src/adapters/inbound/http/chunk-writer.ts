import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Writes a response's body in chunks, each as one string straight to the socket. `ServerResponse.write` makes three
 * buffers and a vectored system call of every chunk, which for many small events is most of their cost. Falls back to it
 * whenever the response is not plainly chunked and alone on its socket (HTTP/1.0, a pipelined request that waits).
 */
export class ChunkWriter {
  readonly #response: ServerResponse;
  #socket: Socket | undefined;
  #hasHeadersOut = false;
  readonly #onDrain: () => void;

  /** `onDrain` is called when the client has taken what made `write` answer false. */
  constructor(response: ServerResponse, onDrain: () => void) {
    this.#response = response;
    this.#onDrain = onDrain;
    response.on('drain', onDrain);
    response.once('close', () => this.#socket?.off('drain', onDrain));
  }

  /** Writes text or bytes. False when the socket is full. */
  write(body: string | Buffer): boolean {
    const socket = this.#socket ?? this.#takeSocket();
    if (socket === undefined || typeof body !== 'string') {
      // Node.js sends the headers with the first piece of the body, so that one always goes its way.
      this.#hasHeadersOut = true;
      return this.#response.write(body);
    }
    const bytes = Buffer.byteLength(body);
    const encoding = bytes === body.length ? 'latin1' : 'utf8';
    return socket.write(`${bytes.toString(16)}\r\n${body}\r\n`, encoding);
  }

  /** The socket, once the headers have gone out on it with chunked encoding. */
  #takeSocket(): Socket | undefined {
    const { socket, chunkedEncoding } = this.#response;
    if (!this.#hasHeadersOut || !socket || !chunkedEncoding) return undefined;
    this.#socket = socket;
    socket.on('drain', this.#onDrain);
    return socket;
  }
}
