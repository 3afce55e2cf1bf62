import type { PersonPrincipal, Principal, UserPrincipal } from '../../../../domain/identity/principal.ts';
import { invariant } from '../../../../domain/invariant.ts';

/** The person who asks, by a login or a key, on a route whose permission only people hold. */
export function actingUser(principal: Principal | undefined): PersonPrincipal {
  invariant(
    principal?.kind === 'user' || principal?.kind === 'key',
    'the permission of this route lets only people in',
  );
  return principal;
}

/** The person who asks by a login, on a route whose permission no scope of a key opens. */
export function loggedInUser(principal: Principal | undefined): UserPrincipal {
  invariant(principal?.kind === 'user', 'the permission of this route lets only logins in');
  return principal;
}
