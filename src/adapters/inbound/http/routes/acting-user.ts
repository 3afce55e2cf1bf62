import type { Principal, UserPrincipal } from '../../../../domain/identity/principal.ts';
import { invariant } from '../../../../domain/invariant.ts';

/** The person who asks, on a route whose permission only people hold. */
export function actingUser(principal: Principal | undefined): UserPrincipal {
  invariant(principal?.kind === 'user', 'the permission of this route lets only people in');
  return principal;
}
