import type { ApiKeyId, LoginSessionId, UserId } from '../../../domain/identity/ids.ts';

/**
 * What may have ended: one login session, one API key, any of a user's, or anybody's. `closed`: his account was disabled
 * or deleted, so that what runs for him ends as well. `anybody`: ends were missed, and nobody can say whose.
 */
export type LoginEnd =
  | { readonly loginSessionId: LoginSessionId }
  | { readonly apiKeyId: ApiKeyId }
  | { readonly userId: UserId; readonly closed?: true }
  | { readonly anybody: true };

/**
 * Tells that logins or keys may have ended: `SessionStatus` says which. In the process that keeps them it is told as soon
 * as the end is stored, once or more often; in a service that runs apart from auth as soon as auth's feed tells it.
 */
export interface LoginEnds {
  /** Listens until the returned function is called. */
  subscribe(listener: (end: LoginEnd) => void): () => void;
}
