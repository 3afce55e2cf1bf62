import { DomainError } from '../../../domain/domain-error.ts';
import { MAX_PASSWORD_CHARACTERS } from '../../../domain/identity/account-rules.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import type { User } from '../../../domain/identity/user.ts';
import type { AuditTrail } from '../../ports/audit-trail.ts';
import type { PasswordHasher } from '../../ports/identity/password-hasher.ts';
import type { UserRepository } from '../../ports/identity/user-repository.ts';
import type { LoginThrottle } from './login-throttle.ts';

interface Deps {
  readonly users: UserRepository;
  readonly hasher: PasswordHasher;
  readonly throttle: LoginThrottle;
  readonly audit: AuditTrail;
}

/** Asks somebody who is logged in for his password again, as slowly as at the door. */
export class ConfirmPassword {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * The account whose password it is. A refusal is audited as one of `act`, which the password was asked for.
   *
   * @throws DomainError `credential.invalid` when the password is wrong, `credential.expired` when the account has gone
   *   or is disabled, `login.throttled`; PortError `unavailable` when too many hash at once.
   */
  async execute(command: {
    readonly userId: UserId;
    readonly password: string;
    /** The network that asks, as `LoginPeer` has it. */
    readonly network?: string | undefined;
    /** What it is asked for, in the audit's words, such as `user.password_changed`. */
    readonly act: string;
    readonly requestId?: string | undefined;
  }): Promise<User> {
    const { users, hasher, throttle } = this.#deps;
    const { userId, password, network } = command;
    const user = await users.find(userId);
    if (user === undefined || user.disabledAtMs !== undefined || user.deletedAtMs !== undefined) {
      throw this.#refuse(command, 'gone', new DomainError('credential.expired', 'This login has ended'));
    }
    const guess = await throttle.guess(
      { account: user.usernameKey, network },
      async () =>
        [...password].length <= MAX_PASSWORD_CHARACTERS && hasher.verify(password, user.passwordHash),
    );
    if (guess.kind === 'right') return user;
    if (guess.kind === 'throttled') throw this.#refuse(command, 'throttled', guess.refusal);
    const wrong = new DomainError('credential.invalid', 'The current password is wrong');
    throw this.#refuse(command, 'password', wrong);
  }

  #refuse(
    command: { readonly userId: UserId; readonly act: string; readonly requestId?: string | undefined },
    reason: string,
    refusal: DomainError,
  ): DomainError {
    this.#deps.audit.refuse({
      act: command.act,
      outcome: 'refused',
      actor: command.userId,
      object: command.userId,
      facts: { reason },
      ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
    });
    return refusal;
  }
}
