import { CreditWindow } from '../../../../domain/multiplexing/credit-window.ts';
import { Flow } from '../../../../domain/multiplexing/fair-queue.ts';
import { Arrivals } from './arrivals.ts';
import type { CloseCode } from './codes.ts';
import { type Handle, HEADER_BYTES } from './frame.ts';
import type { FrameWriter } from './frame-writer.ts';
import { OUTBOUND_QUEUE_BYTES } from './mux-limits.ts';
import type { Waiting } from './own-together.ts';
import type { SessionHost } from './session-host.ts';
import type { IdentifiedTaker } from './session-identity.ts';
import { TimedQueue } from './timed-queue.ts';
import type { TurnTaker } from './turn-pump.ts';

/** A payload on its way, but for its length. */
interface Outgoing {
  readonly name: 'DATA' | 'EVENT';
  /** An EVENT's; 0 for none. */
  readonly offset: number;
  readonly payload: Uint8Array;
  /** Whether it looks into a message that has come in this turn. */
  readonly isBorrowed: boolean;
}

interface Going extends Waiting {
  readonly name: 'DATA' | 'EVENT';
  readonly offset: number;
}

/** A close that comes behind everything that waits. */
export interface LastWord {
  readonly code: CloseCode;
  readonly reason: string;
}

/**
 * What waits for a session's client, within the window that he grants. A source that fills it waits. Made with the first
 * payload, or the first word of the window: a session that has sent nothing keeps nothing for it.
 */
export class SessionOutbox {
  readonly flow: Flow<TurnTaker>;
  readonly #window: CreditWindow;
  readonly #going: TimedQueue<Going>;
  #waiting: Array<() => void> | undefined;
  #lastWord: LastWord | undefined;
  /** What of it has come; only of a session whose kind has asked that once. */
  #arrivals: Arrivals | undefined;

  /** `window`: what the client grants first, in bytes. `host`: where it is counted how long payloads wait. */
  constructor(
    owner: IdentifiedTaker,
    weight: number,
    window: number,
    host: Pick<SessionHost<never>, 'statsOf'>,
  ) {
    this.flow = new Flow(owner, weight);
    this.#window = new CreditWindow(window);
    this.#going = new TimedQueue(host.statsOf(owner.kind.name).waitsOut);
  }

  /** Whether something waits that may be sent now. */
  get isReady(): boolean {
    return this.#going.length > 0 && this.#window.isOpen;
  }

  /** What the session is to be closed with now, since everything before it has been sent. */
  get due(): LastWord | undefined {
    return this.#going.length === 0 ? this.#lastWord : undefined;
  }

  /** What waits, in bytes of frames. */
  get bytes(): number {
    return this.#going.bytes;
  }

  /** Adds a payload. A promise: the queue is full, until it resolves. After the last word nothing is added. */
  add({ name, offset, payload, isBorrowed }: Outgoing, nowMs: number): Promise<void> | undefined {
    if (this.#lastWord !== undefined) return undefined;
    const cost = HEADER_BYTES + payload.length;
    this.#going.begin({ name, offset, payload, isBorrowed, cost, next: undefined }, nowMs);
    this.#arrivals?.sent();
    if (this.#going.bytes < OUTBOUND_QUEUE_BYTES) return undefined;
    return new Promise((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }

  /** True once its client has everything that was added so far; false when that can be known no more. */
  confirmed(): Promise<boolean> {
    this.#arrivals ??= new Arrivals(this.#going.length);
    return this.#arrivals.confirmed();
  }

  /** Its client has answered a PING, and is sent the next one where somebody waits for it. */
  answered(pong: Buffer, handle: Handle, host: Pick<SessionHost<never>, 'answer'>): void {
    const ping = this.#arrivals?.answered(pong);
    if (ping !== undefined) host.answer(handle, 'PING', ping);
  }

  end(lastWord: LastWord): void {
    this.#lastWord ??= lastWord;
  }

  /** The client lets more be sent; false when he grants more than a window may be. */
  grant(bytes: number): boolean {
    return this.#window.grant(bytes);
  }

  /** Gives one frame to the writer. @returns what it counts for, in bytes. */
  writeNext(handle: Handle, writer: FrameWriter, nowMs: number): number {
    const going = this.#going.end(nowMs);
    if (going === undefined) return HEADER_BYTES;
    this.#window.spend(going.payload.length);
    writer.add(handle, going.name, going.payload, going.offset);
    const ping = this.#arrivals?.written();
    if (ping !== undefined) writer.add(handle, 'PING', ping);
    if (this.bytes <= OUTBOUND_QUEUE_BYTES / 2) this.#wakeSources();
    return going.cost;
  }

  /** The turn is over: what still waits has bytes of its own from now on. */
  own(): void {
    this.#going.own();
  }

  /** Forgets what waits, and lets its sources go on. */
  clear(): void {
    this.#going.clear();
    this.#arrivals?.clear();
    this.#wakeSources();
  }

  #wakeSources(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    for (const wake of waiting) wake();
  }
}
