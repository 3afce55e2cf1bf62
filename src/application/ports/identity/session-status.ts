import type { EndingPrincipal } from '../../../domain/identity/principal.ts';

/** Tells whether the login session or API key behind a credential still lives; asked on every request. */
export interface SessionStatus {
  /** False once the session or key has ended, or its user is disabled or has another role. */
  isLive(principal: EndingPrincipal): Promise<boolean>;
}
