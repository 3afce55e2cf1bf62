/** How often due tokens are looked for, in milliseconds. */
const TICK_MS = 5;
/** How far apart two ticks begin, in streams. */
const FIRST_STREAM_STEP = 37;

/**
 * Gives each of many streams its tokens one by one at one steady rate, from one timer; the same for Holdfast and its
 * peers. A server that is late gets no more than one token of a stream at a time, and what it has not taken in time
 * is not made up for: a model whose words nobody reads waits as well, since its socket is full. So more tokens than a
 * server can take make it no cheaper for it to send them, which long bursts would.
 */
export class Pacer {
  readonly #intervalMs: number;
  #streams: Array<{ nextMs: number; readonly emit: () => void }> = [];
  #ticks = 0;

  constructor(tokensPerSecond: number) {
    this.#intervalMs = 1000 / tokensPerSecond;
    setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** Calls `emit` whenever a token is due, until the returned function is called. */
  add(emit: () => void): () => void {
    const stream = { nextMs: performance.now() + this.#intervalMs, emit };
    this.#streams.push(stream);
    return () => {
      this.#streams = this.#streams.filter((other) => other !== stream);
    };
  }

  /** Begins with another stream each time, so that none is always the last when not all can be served. */
  #tick(): void {
    const now = performance.now();
    const streams = this.#streams;
    this.#ticks += FIRST_STREAM_STEP;
    for (let turn = 0; turn < streams.length; turn += 1) {
      const stream = streams[(this.#ticks + turn) % streams.length];
      if (stream === undefined || stream.nextMs > now) continue;
      stream.nextMs = Math.max(stream.nextMs + this.#intervalMs, now - this.#intervalMs);
      stream.emit();
    }
  }
}
