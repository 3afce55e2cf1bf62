import type { PersonPrincipal } from '../../domain/identity/principal.ts';
import type { Clock } from '../ports/clock.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { SessionStatus } from '../ports/identity/session-status.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';

interface Deps {
  readonly sessions: LoginSessionRepository;
  readonly users: UserRepository;
  readonly clock: Clock;
}

/** The status of logins in the process that keeps them. */
export class StoredSessionStatus implements SessionStatus {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * The account is asked too: a token that was issued while an admin disabled the user or changed his role, and
   * so escaped the end of the logins, must not outlive it.
   */
  async isLive(principal: PersonPrincipal): Promise<boolean> {
    const { sessions, users, clock } = this.#deps;
    if (principal.kind === 'key') return false;
    if (!(await sessions.isLive(principal.loginSessionId, clock.nowMs()))) return false;
    const user = await users.find(principal.userId);
    return user !== undefined && user.disabledAtMs === undefined && user.role === principal.role;
  }
}
