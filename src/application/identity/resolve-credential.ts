import { DomainError } from '../../domain/domain-error.ts';
import type { UserPrincipal } from '../../domain/identity/principal.ts';
import type { Authenticate } from './authenticate.ts';

/** Tells another service of the deployment whose credential it was handed. */
export class ResolveCredential {
  readonly #deps: { readonly authenticate: Authenticate };

  constructor(deps: { readonly authenticate: Authenticate }) {
    this.#deps = deps;
  }

  /** Undefined for a credential that is not good, that has ended, or that is no person's. */
  async execute(command: { readonly credential: string }): Promise<UserPrincipal | undefined> {
    try {
      const principal = await this.#deps.authenticate.execute({ kind: 'bearer', value: command.credential });
      return principal.kind === 'user' ? principal : undefined;
    } catch (error) {
      if (error instanceof DomainError) return undefined;
      throw error;
    }
  }
}
