import type { UserPrincipal } from '../../../domain/identity/principal.ts';

/** Finds out whose login a cookie is: in auth's process by its store, between services over HTTP. */
export interface CookieVerifier {
  /**
   * Whose login the secret in a cookie is; his role is his present one. It counts as a use of the login.
   *
   * @throws DomainError `credential.invalid` for a secret that is none, `credential.expired` for one whose login has
   *   ended (either where the store is elsewhere); PortError `unavailable` or `timeout` when that cannot be found out.
   */
  verify(secret: string): Promise<UserPrincipal>;
}
