import { DomainError } from '../../domain/domain-error.ts';
import type { EndingPrincipal } from '../../domain/identity/principal.ts';
import type { Authenticate, Credential } from './authenticate.ts';

/** Tells another service of the deployment whose credential it was handed. */
export class ResolveCredential {
  readonly #deps: { readonly authenticate: Authenticate };

  constructor(deps: { readonly authenticate: Authenticate }) {
    this.#deps = deps;
  }

  /** Undefined for a credential that is not good, that has ended, or that is a service's. A ticket is spent by this. */
  async execute(command: { readonly credential: Credential }): Promise<EndingPrincipal | undefined> {
    try {
      const principal = await this.#deps.authenticate.execute(command.credential);
      return principal.kind === 'service' ? undefined : principal;
    } catch (error) {
      if (error instanceof DomainError) return undefined;
      throw error;
    }
  }
}
