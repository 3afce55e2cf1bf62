import type { UserPrincipal } from '../../../domain/identity/principal.ts';

/** Tells whether the login session behind a valid access token still lives; asked on every request. */
export interface SessionStatus {
  /** False once the session has ended or its user is disabled. */
  isLive(principal: UserPrincipal): Promise<boolean>;
}
