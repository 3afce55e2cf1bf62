import { DomainError } from '../../domain/domain-error.ts';
import type { UserPrincipal } from '../../domain/identity/principal.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { AccessTokenIssuer, IssuedAccessToken } from '../ports/identity/access-tokens.ts';
import type { PasswordHasher } from '../ports/identity/password-hasher.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import type { ConfirmPassword } from './confirm-password.ts';
import type { PasswordRules } from './password-rules.ts';
import { principalOf } from './principal-of.ts';

interface Deps {
  readonly users: UserRepository;
  readonly hasher: PasswordHasher;
  readonly rules: PasswordRules;
  readonly confirm: ConfirmPassword;
  readonly tokens: AccessTokenIssuer;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/** Changes one's own password; every other login of the account ends in the same write. */
export class ChangePassword {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Answers with a new access token of the same login, because the old one of a first admin opens nothing else. A
   * password that an admin sets meanwhile stays: it was set to keep out whoever knows the one before.
   *
   * @throws DomainError `request.invalid`, `credential.invalid` when the current password is wrong,
   *   `login.throttled`, `credential.expired` when the account has gone; PortError `unavailable` when too many hash at once.
   */
  async execute(command: {
    readonly principal: UserPrincipal;
    readonly currentPassword: string;
    readonly newPassword: string;
    /** The network that asks, as `LoginPeer` has it. */
    readonly network?: string;
    readonly requestId?: string;
  }): Promise<IssuedAccessToken> {
    const { users, hasher, rules, confirm, tokens, clock, audit } = this.#deps;
    const { userId, loginSessionId } = command.principal;
    await rules.require(command.newPassword, command.principal, 'newPassword');
    if (command.newPassword === command.currentPassword) {
      const message = 'must differ from the current password';
      throw new DomainError('request.invalid', `newPassword: ${message}`, {
        errors: [{ path: 'newPassword', message }],
      });
    }
    const act = 'user.password_changed';
    const { currentPassword: password, network, requestId } = command;
    const user = await confirm.execute({ userId, password, network, act, requestId });
    const record = {
      act,
      actor: userId,
      object: userId,
      ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
    };
    const outcome = await users.change(
      userId,
      {
        passwordHash: await hasher.hash(command.newPassword),
        passwordMark: null,
        replacesHash: user.passwordHash,
      },
      { endSessionsAtMs: clock.nowMs(), keepSession: loginSessionId },
      [{ ...record, outcome: 'done' }],
    );
    if (outcome === 'outdated') {
      audit.refuse({ ...record, outcome: 'refused' });
      throw new DomainError('credential.invalid', 'The current password is wrong');
    }
    if (outcome !== 'changed') throw new DomainError('credential.expired', 'This login has ended');
    const { passwordMark: _cleared, ...changed } = user;
    return tokens.issue(principalOf(changed, loginSessionId));
  }
}
