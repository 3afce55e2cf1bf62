import type { LoginSessionId } from '../../domain/identity/ids.ts';
import { isUseDue, type LoginSession, useIntervalMs } from '../../domain/identity/login-session.ts';
import type { Clock } from '../ports/clock.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { LongUse } from '../ports/identity/long-use.ts';

interface Deps {
  readonly sessions: LoginSessionRepository;
  readonly clock: Clock;
  /** How long a login by cookie may lie unused, in milliseconds. */
  readonly idleMs: number;
}

/** Writes down that logins are used. No one waits for it: a use that cannot be written is lost, and the login ends sooner. */
export class LoginUse implements LongUse {
  readonly intervalMs: number;
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.intervalMs = useIntervalMs(deps.idleMs);
  }

  tell(id: LoginSessionId): Promise<boolean> {
    const { sessions, clock, idleMs } = this.#deps;
    return sessions.touch(id, { nowMs: clock.nowMs(), idleMs }).catch(() => true);
  }

  /** A request came by this login. */
  noteRequest(session: LoginSession): void {
    const { clock, idleMs } = this.#deps;
    if (isUseDue(session, clock.nowMs(), idleMs)) void this.tell(session.id);
  }
}
