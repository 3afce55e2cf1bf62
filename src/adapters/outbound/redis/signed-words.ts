import { timingSafeEqual } from 'node:crypto';
import { invariant } from '../../../domain/invariant.ts';

/** The code of a text under a key that all nodes of a fleet have, in hexadecimal; HMAC-SHA-256. */
export type SignWord = (text: string) => string;

/** Hexadecimal digits of a code that a word carries: 128 bits. */
const CODE_DIGITS = 32;

/**
 * Signs what nodes say to each other over Redis, so that whoever may write there without being a node says nothing. A
 * word is good on the channel that it was said on; there it may be said again by whoever heard it.
 */
export class SignedWords {
  readonly #keys: readonly SignWord[];

  /** @param keys the first signs, all are accepted; at least one. */
  constructor(keys: readonly SignWord[]) {
    this.#keys = keys;
  }

  /** A word as it is sent. */
  seal(channel: string, text: string): string {
    const [sign] = this.#keys;
    invariant(sign !== undefined, 'words are signed by somebody');
    return `${codeOf(sign, channel, text)}${text}`;
  }

  /** What was said; undefined when it was said by nobody who has a key. */
  open(channel: string, sealed: string): string | undefined {
    const code = Buffer.from(sealed.slice(0, CODE_DIGITS));
    const text = sealed.slice(CODE_DIGITS);
    const isOurs = this.#keys.some((sign) => {
      const due = Buffer.from(codeOf(sign, channel, text));
      return due.length === code.length && timingSafeEqual(due, code);
    });
    return isOurs ? text : undefined;
  }
}

/** The first line keeps these codes apart from all others under the same key. */
const codeOf = (sign: SignWord, channel: string, text: string): string =>
  sign(`a word between nodes\n${channel}\n${text}`).slice(0, CODE_DIGITS);
