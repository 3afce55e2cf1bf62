import type { LoginSessionId, UserId } from '../../../domain/identity/ids.ts';

/** Which login may have ended: one session, or any of a user's. */
export type LoginEnd = { readonly loginSessionId: LoginSessionId } | { readonly userId: UserId };

/**
 * Tells, in the process that keeps logins, that some may have ended: `SessionStatus` says which. It is told as soon as
 * the end is stored, once or more often. In a service that runs apart from auth nothing is told.
 */
export interface LoginEnds {
  /** Listens until the returned function is called. */
  subscribe(listener: (end: LoginEnd) => void): () => void;
}
