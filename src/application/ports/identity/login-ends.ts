import type { ApiKeyId, LoginSessionId, UserId } from '../../../domain/identity/ids.ts';

/**
 * What may have ended: one login session, one API key, or any of a user's. `closed`: his account was disabled or
 * deleted, so that what runs for him ends as well.
 */
export type LoginEnd =
  | { readonly loginSessionId: LoginSessionId }
  | { readonly apiKeyId: ApiKeyId }
  | { readonly userId: UserId; readonly closed?: true };

/**
 * Tells, in the process that keeps logins and keys, that some may have ended: `SessionStatus` says which. It is told as soon as
 * the end is stored, once or more often. In a service that runs apart from auth nothing is told.
 */
export interface LoginEnds {
  /** Listens until the returned function is called. */
  subscribe(listener: (end: LoginEnd) => void): () => void;
}
