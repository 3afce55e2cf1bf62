/** How often due tokens are looked for, in milliseconds. */
const TICK_MS = 5;

/** Gives each of many streams its tokens at one steady rate, from one timer; the same for Holdfast and its peers. */
export class Pacer {
  readonly #tokensPerSecond: number;
  readonly #streams = new Set<{ emitted: number; startedAt: number; emit: (count: number) => void }>();

  constructor(tokensPerSecond: number) {
    this.#tokensPerSecond = tokensPerSecond;
    setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** Calls `emit` with the number of tokens that are due, until the returned function is called. */
  add(emit: (count: number) => void): () => void {
    const stream = { emitted: 0, startedAt: performance.now(), emit };
    this.#streams.add(stream);
    return () => this.#streams.delete(stream);
  }

  #tick(): void {
    const now = performance.now();
    for (const stream of this.#streams) {
      const due = Math.floor(((now - stream.startedAt) * this.#tokensPerSecond) / 1000) - stream.emitted;
      if (due <= 0) continue;
      stream.emitted += due;
      stream.emit(due);
    }
  }
}
