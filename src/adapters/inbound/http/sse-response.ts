import type { ServerResponse } from 'node:http';
import type { Timers } from '../../../application/ports/timers.ts';
import type { StreamReader } from '../../../application/streaming/stream-reader.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import { SseConnection } from './sse-connection.ts';
import { SSE_KEEPALIVE, SSE_RETRY, SseEncoder } from './sse-encoder.ts';

/** Longest silence on an event stream, in milliseconds. */
export const KEEPALIVE_MS = 5_000;
/** A client that takes nothing for so long is cut; it can resume. In milliseconds. */
export const STALLED_READER_MS = 30_000;
/** How often silence and stalls are looked at, in milliseconds. */
const TICK_MS = 500;
/** Name of the response header that tells the stream's id. */
export const STREAM_ID_HEADER = 'X-Streaming-Session-Id';

/** Opens event streams and watches all of them with one timer. */
export class EventStreams {
  readonly #timers: Timers;
  readonly #limits: { readonly silentTicks: number; readonly stalledTicks: number };
  readonly #open = new Set<SseConnection>();
  readonly #encoder = new SseEncoder();
  #ticking = false;

  constructor(deps: { timers: Timers; keepaliveMs?: number }) {
    this.#timers = deps.timers;
    const keepaliveMs = deps.keepaliveMs ?? KEEPALIVE_MS;
    this.#limits = {
      silentTicks: Math.max(1, Math.floor(keepaliveMs / TICK_MS) - 1),
      stalledTicks: STALLED_READER_MS / TICK_MS,
    };
  }

  /** Sends the headers at once. `onClose` is called when the client has gone or the response is complete. */
  open(
    response: ServerResponse,
    head: { readonly id: StreamId; readonly replayed?: boolean },
    onClose: () => void,
  ): SseConnection {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
      [STREAM_ID_HEADER]: head.id,
      'Access-Control-Expose-Headers': `${STREAM_ID_HEADER}, X-Request-Id, Retry-After, Idempotent-Replayed`,
      ...(head.replayed ? { 'Idempotent-Replayed': 'true' } : {}),
    });
    const close = (): void => {
      this.#open.delete(connection);
      onClose();
    };
    const connection = new SseConnection(response, close);
    if (!connection.isOpen) {
      close();
      return connection;
    }
    this.#open.add(connection);
    void connection.write(SSE_RETRY);
    if (!this.#ticking) void this.#tick();
    return connection;
  }

  /**
   * Sends a reader's events until the stream's end, several waiting ones in one write. Without an end the connection
   * is cut. `split`: writes what belongs between an offset and the next, such as the end of an observer's history.
   */
  async send(
    connection: SseConnection,
    reader: StreamReader,
    split?: { readonly afterOffset: number; readonly text: string },
  ): Promise<void> {
    let marker = split;
    try {
      for (let step = await reader.next(); !step.done; step = await reader.next()) {
        let text = '';
        let events = step.value;
        if (marker !== undefined && (events.at(-1)?.offset ?? 0) >= marker.afterOffset) {
          const { afterOffset } = marker;
          text = this.#encoder.encode(events.filter((event) => event.offset <= afterOffset)) + marker.text;
          events = events.filter((event) => event.offset > afterOffset);
          marker = undefined;
        }
        const written = connection.write(text + this.#encoder.encode(events));
        if (written !== undefined) await written;
        if (!connection.isOpen) return;
      }
      if (reader.reachedEnd) connection.end();
    } finally {
      reader.close();
      if (!reader.reachedEnd) connection.cut();
    }
  }

  async #tick(): Promise<void> {
    this.#ticking = true;
    while (this.#open.size > 0) {
      await this.#timers.sleep(TICK_MS);
      for (const connection of this.#open) connection.tick(this.#limits, SSE_KEEPALIVE);
    }
    this.#ticking = false;
  }
}
