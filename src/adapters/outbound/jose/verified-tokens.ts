import { hash } from 'node:crypto';
import { BoundedMap } from '../../../domain/bounded-map.ts';
import type { UserPrincipal } from '../../../domain/identity/principal.ts';

/** Most tokens that are remembered at once; the one that was not asked for the longest is forgotten first. */
export const MAX_VERIFIED_TOKENS = 10_000;

/** A token that was found good. */
export interface VerifiedToken {
  readonly principal: UserPrincipal;
  /** When it was found good, in Unix milliseconds. */
  readonly verifiedAtMs: number;
  /** From when on it is good no more, in Unix milliseconds. */
  readonly endsAtMs: number;
}

/**
 * Tokens that one set of keys has found good, so that a client's second request costs no signature check. A new set of
 * keys begins with an empty memory. Only their SHA-256 is kept, and nothing of tokens that were refused.
 */
export class VerifiedTokens {
  readonly #tokens = new BoundedMap<string, VerifiedToken>(MAX_VERIFIED_TOKENS);

  /** The principal of a remembered token, unless it has expired or the clock was set to before its check. */
  find(token: string, nowMs: number): UserPrincipal | undefined {
    const digest = digestOf(token);
    const known = this.#tokens.get(digest);
    if (known === undefined) return undefined;
    if (nowMs < known.verifiedAtMs || nowMs >= known.endsAtMs) {
      this.#tokens.delete(digest);
      return undefined;
    }
    this.#tokens.set(digest, known);
    return known.principal;
  }

  remember(token: string, verified: VerifiedToken): void {
    this.#tokens.set(digestOf(token), verified);
  }
}

/** A digest of the text as it came: another writing of the same token is another token, and is checked by itself. */
const digestOf = (token: string): string => hash('sha256', token, 'base64');
