import type { ServerResponse } from 'node:http';
import { ChunkWriter } from './chunk-writer.ts';

/** Most bytes handed to the socket before its progress is awaited. */
const SLICE_BYTES = 65_536;

/** One open event stream. It is written by one writer at a time, and watched by a wheel that all of them share. */
export class SseConnection {
  readonly #response: ServerResponse;
  readonly #body: ChunkWriter;
  #silentTicks = 0;
  #stalledTicks = 0;
  #waiting: (() => void) | undefined;
  #closed: boolean;
  #ended = false;

  constructor(response: ServerResponse, onClose: () => void) {
    this.#response = response;
    // A client that went before the headers could be sent emits no further event.
    this.#closed = response.destroyed;
    this.#body = new ChunkWriter(response, () => this.#wake());
    response.once('close', () => {
      this.#closed = true;
      onClose();
      this.#wake();
    });
  }

  /** False once the client has gone. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  /** Writes text. Undefined when the socket took it; else resolves when it has, or when the client has gone. */
  write(text: string): Promise<void> | undefined {
    if (this.#closed || this.#ended) return undefined;
    if (text.length > SLICE_BYTES / 3) return this.#writeSlices(Buffer.from(text));
    this.#silentTicks = 0;
    return this.#body.write(text) ? undefined : this.#drained();
  }

  /** Ends the response in good order. */
  end(): void {
    this.#ended = true;
    this.#stalledTicks = 0;
    this.#response.end();
  }

  /** Cuts the connection, so that the client knows that something is missing. */
  cut(): void {
    this.#response.destroy();
  }

  /** A moment has passed: breaks a long silence, and cuts a client that takes nothing. */
  tick(limits: { readonly silentTicks: number; readonly stalledTicks: number }, keepalive: string): void {
    if (this.#waiting !== undefined || this.#ended) {
      this.#stalledTicks += 1;
      if (this.#stalledTicks >= limits.stalledTicks) this.cut();
      return;
    }
    this.#silentTicks += 1;
    if (this.#silentTicks >= limits.silentTicks) void this.write(keepalive);
  }

  /** Long texts go in slices, so that a slow client that makes progress is told from one that makes none. */
  async #writeSlices(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#closed; at += SLICE_BYTES) {
      this.#silentTicks = 0;
      if (!this.#body.write(bytes.subarray(at, at + SLICE_BYTES))) await this.#drained();
    }
  }

  #drained(): Promise<void> {
    this.#stalledTicks = 0;
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}
