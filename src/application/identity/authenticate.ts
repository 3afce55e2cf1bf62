import { DomainError } from '../../domain/domain-error.ts';
import type { Principal } from '../../domain/identity/principal.ts';
import type { AccessTokenVerifier } from '../ports/identity/access-tokens.ts';
import type { ServiceKeys } from '../ports/identity/service-keys.ts';
import type { SessionStatus } from '../ports/identity/session-status.ts';

/** The one credential that decides who asks, by where it stood: a good one in the wrong place is a bad one. */
export interface Credential {
  readonly kind: 'bearer' | 'cookie' | 'ticket';
  readonly value: string;
}

/** Finds out who asks, from the one credential that a request carries. */
export class Authenticate {
  readonly #deps: { tokens: AccessTokenVerifier; sessions: SessionStatus; serviceKeys: ServiceKeys };

  constructor(deps: { tokens: AccessTokenVerifier; sessions: SessionStatus; serviceKeys: ServiceKeys }) {
    this.#deps = deps;
  }

  /**
   * @throws DomainError `credential.invalid` or `credential.expired` when the credential is not good, also when
   *   its login session has ended; PortError when that cannot be found out.
   */
  async execute({ kind, value }: Credential): Promise<Principal> {
    const { tokens, sessions, serviceKeys } = this.#deps;
    if (kind !== 'bearer') throw new DomainError('credential.invalid', 'The credential is not valid');
    if (serviceKeys.accepts(value)) return { kind: 'service' };
    const principal = await tokens.verify(value);
    if (!(await sessions.isLive(principal))) {
      throw new DomainError('credential.expired', 'This login has ended');
    }
    return principal;
  }
}
