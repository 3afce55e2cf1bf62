import { DomainError } from '../../../domain/domain-error.ts';
import type { UserPrincipal } from '../../../domain/identity/principal.ts';
import type { AuditTrail } from '../../ports/audit-trail.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AccessTokenIssuer, IssuedAccessToken } from '../../ports/identity/access-tokens.ts';
import type { PasswordHasher } from '../../ports/identity/password-hasher.ts';
import type { UserRepository } from '../../ports/identity/user-repository.ts';
import type { CookieGrant } from '../login-grant.ts';
import type { LoginRenewal } from '../login-renewal.ts';
import { principalOf } from '../principal-of.ts';
import type { ConfirmPassword } from './confirm-password.ts';
import type { PasswordRules } from './password-rules.ts';

interface Deps {
  readonly users: UserRepository;
  readonly hasher: PasswordHasher;
  readonly rules: PasswordRules;
  readonly confirm: ConfirmPassword;
  readonly tokens: AccessTokenIssuer;
  readonly renewal: LoginRenewal;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/** What goes on after the change: the same login by another access token, or a browser's by another cookie. */
export type ChangedPassword =
  | { readonly kind: 'bearer'; readonly issued: IssuedAccessToken }
  | { readonly kind: 'cookie'; readonly cookie: CookieGrant };

/** Changes one's own password; every other login of the account ends in the same write. */
export class ChangePassword {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Answers with a new access token of the same login, because the old one of a first admin opens nothing else; a
   * login by cookie goes on under another id, with another secret. A password that an admin sets meanwhile stays: it
   * was set to keep out whoever knows the one before.
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
  }): Promise<ChangedPassword> {
    const { users, hasher, rules, confirm, tokens, renewal, clock, audit } = this.#deps;
    const { userId, loginSessionId } = command.principal;
    const passwordMark = await rules.require(command.newPassword, command.principal, 'newPassword');
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
    const passwordHash = await hasher.hash(command.newPassword);
    const renewed = renewal.prepare(command.principal, clock.nowMs());
    const outcome = await users.change(
      userId,
      {
        passwordHash,
        passwordMark,
        replacesHash: user.passwordHash,
      },
      renewed.sessions,
      [{ ...record, outcome: 'done' }],
    );
    if (outcome === 'outdated') {
      audit.refuse({ ...record, outcome: 'refused' });
      throw new DomainError('credential.invalid', 'The current password is wrong');
    }
    if (outcome !== 'changed') throw new DomainError('credential.expired', 'This login has ended');
    const cookie = await renewed.grant();
    if (cookie !== undefined) return { kind: 'cookie', cookie };
    const { passwordMark: _cleared, ...changed } = user;
    return { kind: 'bearer', issued: await tokens.issue(principalOf(changed, loginSessionId)) };
  }
}
