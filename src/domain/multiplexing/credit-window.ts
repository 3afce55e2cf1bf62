import { invariant } from '../invariant.ts';

/** Most bytes that a window may ever allow: what fits a signed number of 32 bits. */
export const MAX_WINDOW_BYTES = 2 ** 31 - 1;
/** Smallest window that a session begins with, in bytes: one payload of the usual limit. */
export const MIN_WINDOW_BYTES = 65_536;
/** The window that a session begins with unless it asks for another, in bytes. */
export const DEFAULT_WINDOW_BYTES = 262_144;

/**
 * How many payload bytes one side of a session still lets the other send. A payload may start while the window is above
 * 0 and take it below; whoever sends at 0 or below has broken it. Both sides keep the same count for each direction:
 * each takes a payload off as it is sent, and adds what is granted. Changed in place, since every payload does so.
 */
export class CreditWindow {
  #bytes: number;

  /** @throws InvariantViolation when `bytes` is no window to begin with. */
  constructor(bytes: number) {
    requireFirst(bytes);
    this.#bytes = bytes;
  }

  /** What is left, in bytes; 0 or below after a payload that was larger than that. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a payload may start. */
  get isOpen(): boolean {
    return this.#bytes > 0;
  }

  /** Takes a payload off, however large; false, and nothing taken, when the window is not open. */
  spend(bytes: number): boolean {
    invariant(Number.isSafeInteger(bytes) && bytes >= 0, "not a payload's length", bytes);
    if (this.#bytes <= 0) return false;
    this.#bytes -= bytes;
    return true;
  }

  /** Adds what the other side grants; false, and nothing added, when the window would be larger than one may be. */
  grant(bytes: number): boolean {
    invariant(Number.isSafeInteger(bytes) && bytes >= 0, 'not a grant', bytes);
    if (this.#bytes + bytes > MAX_WINDOW_BYTES) return false;
    this.#bytes += bytes;
    return true;
  }
}

/**
 * The window that this side grants, given back as payloads are done with: half a window at a time, so that a CREDIT
 * frame goes with many payloads and the sender still never waits for one while its payloads are taken off at once.
 */
export class GrantedWindow {
  readonly #first: number;
  #bytes: number;
  #owed = 0;

  /** @throws InvariantViolation when `bytes` is no window to begin with. */
  constructor(bytes: number) {
    requireFirst(bytes);
    this.#first = bytes;
    this.#bytes = bytes;
  }

  /** What the other side may still send, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A payload has come; false when the other side was not allowed to send it. */
  receive(bytes: number): boolean {
    if (this.#bytes <= 0) return false;
    this.#bytes -= bytes;
    return true;
  }

  /** A payload is done with, and its room is free again. @returns what is to be granted now, in bytes; mostly 0. */
  finish(bytes: number): number {
    this.#owed += bytes;
    if (this.#owed < Math.floor(this.#first / 2)) return 0;
    const grant = this.#owed;
    this.#owed = 0;
    this.#bytes += grant;
    // What is given back was taken before.
    invariant(this.#bytes <= this.#first, 'more was finished than has come', grant);
    return grant;
  }
}

function requireFirst(bytes: number): void {
  const isOne = Number.isSafeInteger(bytes) && bytes >= MIN_WINDOW_BYTES && bytes <= MAX_WINDOW_BYTES;
  invariant(isOne, 'not a first window, in bytes', bytes);
}
