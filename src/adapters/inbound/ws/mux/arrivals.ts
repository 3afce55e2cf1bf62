/** Bytes of the number that a PING of ours carries. */
const NUMBER_BYTES = 8;

/** What waits until everything before a payload is known to have come. */
interface Waiter {
  /** How many payloads were sent before it, this one among them. */
  readonly sent: number;
  readonly tell: (hasCome: boolean) => void;
}

/**
 * Finds out what a session's client has. A PING goes right behind the payload, and its client answers frames in their
 * order: the PONG says that everything before has been read. One PING is out at a time and stands for all before it.
 */
export class Arrivals {
  #sent: number;
  #written = 0;
  #pings = 0;
  #isPinging = false;
  #pinged: Waiter[] = [];
  #waiting: Waiter[] = [];

  /** `waiting`: how many payloads wait to be written already. */
  constructor(waiting: number) {
    this.#sent = waiting;
  }

  /** A payload waits to be written. */
  sent(): void {
    this.#sent += 1;
  }

  /** One has been written. @returns the payload of a PING that is to go behind it, if one is. */
  written(): Uint8Array | undefined {
    this.#written += 1;
    return this.#nextPing();
  }

  /** Resolves when everything that was sent so far has come: true; or when that can be known no more. */
  confirmed(): Promise<boolean> {
    return new Promise((tell) => {
      this.#waiting.push({ sent: this.#sent, tell });
    });
  }

  /** A PONG has come. @returns the payload of the PING that is to go next, if one is. */
  answered(payload: Buffer): Uint8Array | undefined {
    const isOurs = payload.length === NUMBER_BYTES && payload.readBigUInt64BE() === BigInt(this.#pings);
    if (!this.#isPinging || !isOurs) return undefined;
    this.#isPinging = false;
    for (const { tell } of this.#pinged) tell(true);
    this.#pinged = [];
    return this.#nextPing();
  }

  /** The session is over here. */
  clear(): void {
    const lost = [...this.#pinged, ...this.#waiting];
    this.#pinged = [];
    this.#waiting = [];
    for (const { tell } of lost) tell(false);
  }

  #nextPing(): Uint8Array | undefined {
    const [first] = this.#waiting;
    if (this.#isPinging || first === undefined || first.sent > this.#written) return undefined;
    // They wait in the order in which they were sent.
    const rest = this.#waiting.findIndex(({ sent }) => sent > this.#written);
    this.#pinged = this.#waiting.splice(0, rest < 0 ? this.#waiting.length : rest);
    this.#isPinging = true;
    this.#pings += 1;
    const payload = Buffer.alloc(NUMBER_BYTES);
    payload.writeBigUInt64BE(BigInt(this.#pings));
    return payload;
  }
}
