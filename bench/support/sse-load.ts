import { connect, type Socket } from 'node:net';

/** A request as it goes over the wire. */
export interface RawRequest {
  readonly port: number;
  readonly text: string;
}

/** One reader of an event stream on a bare socket: it counts events and keeps nothing. */
export class SseReader {
  readonly #socket: Socket;
  readonly #sentAt = performance.now();
  #events = 0;
  #firstChunkMs: number | undefined;
  #tail = '';

  constructor(request: RawRequest, onFirstChunk: () => void = () => {}) {
    this.#socket = connect(request.port, '127.0.0.1', () => this.#socket.write(request.text));
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => {});
    this.#socket.on('data', (data: Buffer) => {
      this.#count(data);
      if (this.#firstChunkMs !== undefined || !data.includes('event: chunk')) return;
      this.#firstChunkMs = performance.now() - this.#sentAt;
      onFirstChunk();
    });
  }

  /** Chunks that have arrived so far. */
  get events(): number {
    return this.#events;
  }

  /** Time from the request to the first chunk, in milliseconds. */
  get firstChunkMs(): number | undefined {
    return this.#firstChunkMs;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Counts `event: chunk` lines; a line that is cut between two reads is found by keeping its beginning. */
  #count(data: Buffer): void {
    const mark = 'event: chunk';
    if (this.#tail !== '') {
      const joined = this.#tail + data.toString('latin1', 0, mark.length - 1);
      if (joined.includes(mark)) this.#events += 1;
    }
    for (let at = data.indexOf(mark); at !== -1; at = data.indexOf(mark, at + mark.length)) this.#events += 1;
    this.#tail = data.toString('latin1', Math.max(0, data.length - mark.length + 1));
  }
}

/** Resolves after a time; a bench measures a window of wall-clock on purpose. */
export const elapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Events per second that all readers together get over a window. */
export async function deliveredPerSecond(readers: readonly SseReader[], windowMs: number): Promise<number> {
  const count = (): number => readers.reduce((sum, reader) => sum + reader.events, 0);
  const before = count();
  const startedAt = performance.now();
  await elapse(windowMs);
  return ((count() - before) * 1000) / (performance.now() - startedAt);
}
