import type { UserPrincipal } from '../../../domain/identity/principal.ts';

/** A signed access token and how long it lives. */
export interface IssuedAccessToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

/** Issues access tokens: signed JWTs of at most 15 minutes. */
export interface AccessTokenIssuer {
  /**
   * `loginEndsAtMs`: the absolute end of its login, which the token does not outlive, also where nobody can ask for it.
   * To the second, so a token lives one at least.
   */
  issue(principal: UserPrincipal, loginEndsAtMs?: number): Promise<IssuedAccessToken>;
  /** The public keys as a JWK set, for whoever verifies. */
  publicKeys(): Promise<{ readonly keys: ReadonlyArray<Record<string, unknown>> }>;
}

/**
 * Verifies access tokens with pinned algorithm, type, issuer and audience, on the program's clock. A token that was found
 * good may be remembered, but never beyond its end, nor once the keys that vouch for it are replaced.
 */
export interface AccessTokenVerifier {
  /**
   * The principal that a token names, whether or not its login session still lives.
   *
   * @throws DomainError `credential.invalid` or `credential.expired`; PortError `unavailable` when the keys cannot be had.
   */
  verify(token: string): Promise<UserPrincipal>;
}
