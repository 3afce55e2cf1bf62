import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import { findUser } from './find-user.ts';
import { profileOf, type UserProfile } from './user-profile.ts';

interface Deps {
  readonly users: UserRepository;
  readonly sessions: LoginSessionRepository;
  readonly clock: Clock;
}

/** Ends every login of somebody else's, for an admin or the operator (ASVS 5.0, 7.4.5). His API keys stay. */
export class EndUsersLogins {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DomainError `user.not_found`. */
  async execute(command: {
    /** The account, by its id or its username. */
    readonly user: string;
    readonly actor: UserId | 'system';
    readonly requestId?: string;
  }): Promise<{ readonly user: UserProfile; readonly ended: number }> {
    const { users, sessions, clock } = this.#deps;
    const user = await findUser(users, command.user);
    if (user === undefined || user.deletedAtMs !== undefined) {
      throw new DomainError('user.not_found', 'There is no such user');
    }
    const record = {
      act: 'login.ended_everywhere',
      outcome: 'done',
      actor: command.actor,
      object: user.id,
      ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
    } as const;
    const ended = await sessions.endAllOf(user.id, clock.nowMs(), undefined, [record]);
    return { user: profileOf(user), ended: ended.length };
  }
}
