import { DEFAULT_WINDOW_BYTES, GrantedWindow } from '../../../../domain/multiplexing/credit-window.ts';
import { Flow } from '../../../../domain/multiplexing/fair-queue.ts';
import type { TokenBucket } from '../../../../domain/multiplexing/token-bucket.ts';
import { HEADER_BYTES, ownBytes } from './frame.ts';
import { INBOUND_QUEUE_BYTES, MAX_REFUSALS_IN_A_ROW } from './mux-limits.ts';
import type { SessionHost } from './session-host.ts';
import type { Come, IdentifiedTaker } from './session-identity.ts';
import { TimedQueue } from './timed-queue.ts';
import type { TurnTaker } from './turn-pump.ts';

/**
 * What has come from a session's client, within what he may send. Made with the first frame that any of this limits: a
 * session whose client has sent nothing keeps nothing for it.
 */
export class SessionInbox {
  readonly flow: Flow<TurnTaker>;
  readonly #bucket: TokenBucket;
  readonly #granted = new GrantedWindow(DEFAULT_WINDOW_BYTES);
  readonly #come: TimedQueue<Come>;
  /** What is acted on now. */
  #acting: Come | undefined;
  /** Frames that were refused since the last one that was not. */
  #refusals = 0;

  /** `host`: who has its bucket, and where it is counted how long frames wait. */
  constructor(
    owner: IdentifiedTaker,
    weight: number,
    host: Pick<SessionHost<never>, 'bucketOf' | 'statsOf'>,
  ) {
    const { id, kind } = owner;
    this.flow = new Flow(owner, weight);
    this.#bucket = host.bucketOf(id);
    this.#come = new TimedQueue(host.statsOf(kind.name).waitsIn);
  }

  /** What waits to be acted on, in bytes of frames. */
  get bytes(): number {
    return this.#come.bytes;
  }

  /** Whether something of it looks into a message that has come in this turn. */
  get isBorrowing(): boolean {
    return this.#come.isBorrowing;
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
  push(name: Come['name'], payload: Buffer, nowMs: number): boolean {
    const cost = HEADER_BYTES + payload.length;
    if (this.#come.bytes + cost > INBOUND_QUEUE_BYTES) return false;
    // A credential is looked at by those who take their time, and comes seldom.
    const isBorrowed = name === 'DATA';
    const own = isBorrowed ? payload : ownBytes(payload);
    this.#come.begin({ name, payload: own, isBorrowed, cost, next: undefined }, nowMs);
    return true;
  }

  /** Takes the next frame, to act on it until `acted`. */
  shift(nowMs: number): Come | undefined {
    this.#acting = this.#come.end(nowMs);
    return this.#acting;
  }

  /** Lets go of it. @returns how much of its client's window it had taken, in bytes. */
  acted(): number {
    const acting = this.#acting;
    this.#acting = undefined;
    return acting?.name === 'DATA' ? acting.payload.length : 0;
  }

  /** Whether bytes look into the message of what is acted on now, which is nobody's to keep beyond this turn. */
  lends(bytes: Uint8Array): boolean {
    if (this.#acting?.isBorrowed !== true) return false;
    const { payload } = this.#acting;
    return payload === bytes || payload.buffer === bytes.buffer;
  }

  /** The turn is over: what still waits has bytes of its own from now on. */
  own(): void {
    this.#come.own();
  }

  clear(): void {
    this.#acting = undefined;
    this.#come.clear();
  }
}
