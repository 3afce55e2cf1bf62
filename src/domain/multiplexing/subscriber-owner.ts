import type { ApiKeyId, UserId } from '../identity/ids.ts';
import type { EndingPrincipal } from '../identity/principal.ts';

/**
 * Who owns a subscription: a person, whichever login or key of his opened it; or an agent, which is the profile that its
 * key is bound to, else the key itself. An agent's user owns nothing of it: two keys of one user are two owners.
 */
export type SubscriberOwner = `user:${UserId}` | `agent:${string}` | `key:${ApiKeyId}`;

/** Who a principal is to the subscriptions that he opens and takes back. */
export function ownerOf(principal: EndingPrincipal): SubscriberOwner {
  if (principal.kind !== 'agent') return `user:${principal.userId}`;
  return principal.agent === undefined ? `key:${principal.apiKeyId}` : `agent:${principal.agent}`;
}
