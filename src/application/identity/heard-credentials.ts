import { DomainError } from '../../domain/domain-error.ts';
import type { ApiKeyText } from '../../domain/identity/api-key-text.ts';
import type { AgentPrincipal, KeyPrincipal, UserPrincipal } from '../../domain/identity/principal.ts';
import type { ApiKeyVerifier } from '../ports/identity/api-key-verifier.ts';
import type { CookieVerifier } from '../ports/identity/cookie-verifier.ts';
import type { TicketRedeemer } from '../ports/identity/ticket-redeemer.ts';
import type { HeardEnds } from './heard-ends.ts';

interface Deps {
  readonly heard: HeardEnds;
  readonly apiKeys: ApiKeyVerifier;
  readonly tickets: TicketRedeemer;
  readonly cookies: CookieVerifier;
}

/**
 * API keys, tickets and cookies in a service that runs apart from auth. Auth is asked about each, and only while it is also heard:
 * whom it lets in must hear of his end for as long as he stays.
 */
export class HeardCredentials implements ApiKeyVerifier, TicketRedeemer {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The same of cookies. */
  get cookies(): CookieVerifier {
    return { verify: (secret) => this.#verifyCookie(secret) };
  }

  async verify(key: ApiKeyText): Promise<KeyPrincipal | AgentPrincipal> {
    const { heard, apiKeys } = this.#deps;
    heard.requireHeard();
    const principal = await apiKeys.verify(key);
    this.#refuseEnded(principal.apiKeyId);
    return principal;
  }

  /** A ticket is not spent in vain: when auth is not heard, it is not asked. */
  async redeem(ticket: string): Promise<UserPrincipal> {
    const { heard, tickets } = this.#deps;
    heard.requireHeard();
    const principal = await tickets.redeem(ticket);
    this.#refuseEnded(principal.loginSessionId);
    return principal;
  }

  async #verifyCookie(secret: string): Promise<UserPrincipal> {
    const { heard, cookies } = this.#deps;
    heard.requireHeard();
    const principal = await cookies.verify(secret);
    this.#refuseEnded(principal.loginSessionId);
    return principal;
  }

  /** The end may have been told while the answer was on its way. */
  #refuseEnded(id: string): void {
    if (this.#deps.heard.hasEnded(id)) throw new DomainError('credential.expired', 'This login has ended');
  }
}
