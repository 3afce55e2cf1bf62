import { DomainError } from '../../domain/domain-error.ts';
import type { LoginSessionId } from '../../domain/identity/ids.ts';
import type { UserPrincipal } from '../../domain/identity/principal.ts';
import type { Clock } from '../ports/clock.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';

interface Deps {
  readonly sessions: LoginSessionRepository;
  readonly clock: Clock;
}

/** Ends one of one's own logins, or all but the one that asks (ASVS 5.0, 7.4.3 and 7.5.2). */
export class EndLogins {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Answers how many have ended.
   *
   * @throws DomainError `login.not_found` when the named one is not his, or has ended: the two are not told apart.
   */
  async execute(command: {
    readonly principal: UserPrincipal;
    readonly which: LoginSessionId | 'others';
    readonly requestId?: string;
  }): Promise<number> {
    const { sessions, clock } = this.#deps;
    const { principal, which, requestId } = command;
    const { userId, loginSessionId } = principal;
    const nowMs = clock.nowMs();
    const traced = {
      outcome: 'done',
      actor: userId,
      ...(requestId === undefined ? {} : { requestId }),
    } as const;
    if (which === 'others') {
      const record = { act: 'login.ended_others', object: loginSessionId, ...traced };
      return (await sessions.endAllOf(userId, nowMs, loginSessionId, [record])).length;
    }
    const record = { act: 'login.ended', object: which, ...traced };
    if (await sessions.endOneOf(userId, which, nowMs, [record])) return 1;
    throw new DomainError('login.not_found', 'You have no such login');
  }
}
