import { DomainError } from '../../domain/domain-error.ts';
import type { Principal } from '../../domain/identity/principal.ts';
import type { AccessTokenVerifier } from '../ports/identity/access-tokens.ts';
import type { ServiceKeys } from '../ports/identity/service-keys.ts';
import type { SessionStatus } from '../ports/identity/session-status.ts';

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
  async execute(command: { bearer: string }): Promise<Principal> {
    const { tokens, sessions, serviceKeys } = this.#deps;
    if (serviceKeys.accepts(command.bearer)) return { kind: 'service' };
    const principal = await tokens.verify(command.bearer);
    if (!(await sessions.isLive(principal))) {
      throw new DomainError('credential.expired', 'This login has ended');
    }
    return principal;
  }
}
