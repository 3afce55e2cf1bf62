import type { ApiKeyText } from '../../../domain/identity/api-key-text.ts';
import type { AgentPrincipal, KeyPrincipal } from '../../../domain/identity/principal.ts';

/** Finds out whom an API key stands for: in auth's process by its store, between services over HTTP. */
export interface ApiKeyVerifier {
  /**
   * Whom the key stands for, with its owner's present role.
   *
   * @throws DomainError `credential.invalid` or `credential.expired`; PortError `unavailable` or `timeout` when that
   *   cannot be found out.
   */
  verify(key: ApiKeyText): Promise<KeyPrincipal | AgentPrincipal>;
}
