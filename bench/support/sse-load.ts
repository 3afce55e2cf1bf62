import { connect, type Socket } from 'node:net';

/** A request as it goes over the wire. */
export interface RawRequest {
  readonly port: number;
  readonly text: string;
}

/** How much of an answer that refuses a stream is kept, in bytes. */
const LONGEST_REFUSAL = 600;

/** One reader of an event stream on a bare socket: it counts events and keeps nothing. */
export class SseReader {
  readonly #socket: Socket;
  readonly #sentAt = performance.now();
  #events = 0;
  #headMs: number | undefined;
  #firstChunkMs: number | undefined;
  #refusal: string | undefined;
  #tail = '';

  constructor(request: RawRequest) {
    this.#socket = connect(request.port, '127.0.0.1', () => this.#socket.write(request.text));
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => {});
    this.#socket.on('data', (data: Buffer) => {
      if (this.#headMs === undefined) this.#readHead(data);
      this.#count(data);
      if (this.#firstChunkMs === undefined && this.#events > 0)
        this.#firstChunkMs = performance.now() - this.#sentAt;
    });
    this.#socket.once('close', () => {
      if (this.#firstChunkMs === undefined) this.#refusal ??= 'closed without an event';
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

  /** Time from the request to the head of its answer, in milliseconds. */
  get headMs(): number | undefined {
    return this.#headMs;
  }

  /** Why no event will come: the status and the beginning of an answer that is no stream, or a closed connection. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  close(): void {
    this.#socket.destroy();
  }

  #readHead(data: Buffer): void {
    this.#headMs = performance.now() - this.#sentAt;
    const text = data.toString('latin1', 0, LONGEST_REFUSAL);
    if (!text.startsWith('HTTP/1.1 200 ')) this.#refusal = text.replaceAll(/\s+/g, ' ');
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
