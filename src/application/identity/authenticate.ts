import { DomainError } from '../../domain/domain-error.ts';
import { API_KEY_PREFIX, readApiKey } from '../../domain/identity/api-key-text.ts';
import type { Principal } from '../../domain/identity/principal.ts';
import type { AccessTokenVerifier } from '../ports/identity/access-tokens.ts';
import type { ApiKeyVerifier } from '../ports/identity/api-key-verifier.ts';
import type { CookieVerifier } from '../ports/identity/cookie-verifier.ts';
import type { ServiceKeys } from '../ports/identity/service-keys.ts';
import type { SessionStatus } from '../ports/identity/session-status.ts';
import type { TicketRedeemer } from '../ports/identity/ticket-redeemer.ts';

interface Deps {
  readonly tokens: AccessTokenVerifier;
  readonly sessions: SessionStatus;
  readonly serviceKeys: ServiceKeys;
  readonly apiKeys: ApiKeyVerifier;
  readonly tickets: TicketRedeemer;
  readonly cookies: CookieVerifier;
}

/** The one credential that decides who asks, by where it stood: a good one in the wrong place is a bad one. */
export interface Credential {
  readonly kind: 'bearer' | 'cookie' | 'ticket';
  readonly value: string;
}

/** Finds out who asks, from the one credential that a request carries. */
export class Authenticate {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * A ticket is spent by this. An API key whose form or checksum is wrong is refused without asking anybody.
   *
   * @throws DomainError `credential.invalid` or `credential.expired` when the credential is not good, also when
   *   its login session has ended; PortError when that cannot be found out.
   */
  async execute({ kind, value }: Credential): Promise<Principal> {
    const { sessions, serviceKeys, apiKeys, tickets, tokens, cookies } = this.#deps;
    if (kind === 'ticket') return tickets.redeem(value);
    if (kind === 'cookie') return cookies.verify(value);
    if (serviceKeys.accepts(value)) return { kind: 'service' };
    if (value.startsWith(API_KEY_PREFIX)) {
      const key = readApiKey(value);
      if (key === undefined) throw invalid();
      return apiKeys.verify(key);
    }
    const principal = await tokens.verify(value);
    if (!(await sessions.isLive(principal))) {
      throw new DomainError('credential.expired', 'This login has ended');
    }
    return principal;
  }
}

const invalid = (): DomainError => new DomainError('credential.invalid', 'The credential is not valid');
