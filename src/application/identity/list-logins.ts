import type { UserId } from '../../domain/identity/ids.ts';
import type { LoginSession } from '../../domain/identity/login-session.ts';
import type { Clock } from '../ports/clock.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';

/** Most logins that are listed; ending all others ends those beyond it too. */
export const MAX_LISTED_LOGINS = 200;

/** Lists somebody's own live logins, newest first. */
export class ListLogins {
  readonly #deps: { readonly sessions: LoginSessionRepository; readonly clock: Clock };

  constructor(deps: { readonly sessions: LoginSessionRepository; readonly clock: Clock }) {
    this.#deps = deps;
  }

  execute({ userId }: { readonly userId: UserId }): Promise<readonly LoginSession[]> {
    const { sessions, clock } = this.#deps;
    return sessions.listLive(userId, clock.nowMs(), MAX_LISTED_LOGINS);
  }
}
