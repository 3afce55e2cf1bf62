import { DEFAULT_WINDOW_BYTES, GrantedWindow } from '../../../../domain/multiplexing/credit-window.ts';
import { Flow } from '../../../../domain/multiplexing/fair-queue.ts';
import type { TokenBucket } from '../../../../domain/multiplexing/token-bucket.ts';
import { INBOUND_QUEUE_BYTES, MAX_REFUSALS_IN_A_ROW } from './mux-limits.ts';
import type { Come } from './session-identity.ts';
import { TimedQueue } from './timed-queue.ts';
import type { TurnTaker } from './turn-pump.ts';
import type { WaitTimes } from './wait-times.ts';

/**
 * What has come from a session's client, within what he may send. Made with the first frame that any of this limits: a
 * session whose client has sent nothing keeps nothing for it.
 */
export class SessionInbox {
  readonly flow: Flow<TurnTaker>;
  readonly #bucket: TokenBucket;
  readonly #granted = new GrantedWindow(DEFAULT_WINDOW_BYTES);
  readonly #come: TimedQueue<Come>;
  /** Frames that were refused since the last one that was not. */
  #refusals = 0;

  constructor(owner: TurnTaker, weight: number, bucket: TokenBucket, waits: WaitTimes) {
    this.flow = new Flow(owner, weight);
    this.#bucket = bucket;
    this.#come = new TimedQueue(waits);
  }

  /** What waits to be acted on, in bytes of frames. */
  get bytes(): number {
    return this.#come.bytes;
  }

  get isEmpty(): boolean {
    return this.#come.length === 0;
  }

  /** A payload has come; false when its sender's window was not open. */
  receive(bytes: number): boolean {
    return this.#granted.receive(bytes);
  }

  /** A payload is done with. @returns what is to be granted anew now, in bytes; mostly 0. */
  finish(bytes: number): number {
    return this.#granted.finish(bytes);
  }

  /** Draws for one frame. @returns 0; or, when there is nothing to draw, when there will be, in milliseconds from now. */
  draw(nowMs: number): number {
    const retryAfterMs = this.#bucket.take(nowMs);
    this.#refusals = retryAfterMs === 0 ? 0 : this.#refusals + 1;
    return retryAfterMs;
  }

  /** Whether so many frames in a row were refused that the session is to be closed. */
  get isFlooded(): boolean {
    return this.#refusals >= MAX_REFUSALS_IN_A_ROW;
  }

  /** Keeps a frame until its turn; false when too much waits already. */
  push(come: Come, nowMs: number): boolean {
    if (this.#come.bytes + come.cost > INBOUND_QUEUE_BYTES) return false;
    this.#come.push(come, nowMs);
    return true;
  }

  shift(nowMs: number): Come | undefined {
    return this.#come.shift(nowMs);
  }

  clear(): void {
    this.#come.clear();
  }
}
