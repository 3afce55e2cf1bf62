/** The share of a server's rate and burst that is used, so that frames that the network bunches are not refused. */
const RATE_SHARE = 0.95;
const BURST_SHARE = 0.8;

/** A token bucket of the client's own, a little slower than the server's: a frame that is refused there is lost. */
export class Pacer {
  #perMs: number;
  #burst: number;
  #tokens: number;
  #atMs: number;
  #pausedUntilMs = 0;

  constructor(ratePerMinute: number, burst: number, nowMs: number) {
    this.#perMs = (ratePerMinute * RATE_SHARE) / 60_000;
    this.#burst = Math.max(1, Math.floor(burst * BURST_SHARE));
    this.#tokens = this.#burst;
    this.#atMs = nowMs;
  }

  /** The server's limits are told anew; what was used stays used, because the server's bucket stays too. */
  limits(ratePerMinute: number, burst: number): void {
    this.#perMs = (ratePerMinute * RATE_SHARE) / 60_000;
    this.#burst = Math.max(1, Math.floor(burst * BURST_SHARE));
  }

  /** The server has refused a frame. */
  pause(nowMs: number, forMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + forMs);
    this.#tokens = Math.min(this.#tokens, 0);
  }

  /** Draws for one frame. @returns 0, or how long to wait until it may be asked again, in milliseconds. */
  take(nowMs: number): number {
    if (nowMs < this.#pausedUntilMs) return this.#pausedUntilMs - nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil((1 - this.#tokens) / this.#perMs));
  }
}
