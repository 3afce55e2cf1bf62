import { actorAt } from '../../domain/audit/audit-actor.ts';
import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { Role } from '../../domain/identity/principal.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { PasswordHasher } from '../ports/identity/password-hasher.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import { newUser } from './new-user.ts';
import type { LoginThrottle } from './passwords/login-throttle.ts';
import type { PasswordRules } from './passwords/password-rules.ts';
import { profileOf, type UserProfile } from './user-profile.ts';

interface Deps {
  readonly users: UserRepository;
  readonly hasher: PasswordHasher;
  readonly rules: PasswordRules;
  readonly throttle: LoginThrottle;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/** Creates an account: by the person himself, by an admin, or at the operator's terminal. */
export class CreateUser {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * `by` is the admin, `system` the operator, undefined whoever signs himself up; those become plain users whose
   * email nobody has verified.
   *
   * @throws DomainError `request.invalid`, `account.taken`, `login.throttled` when one network signs up too
   *   many; PortError `unavailable` when too many hash at once.
   */
  async execute(command: {
    readonly username: string;
    readonly email: string;
    readonly password: string;
    readonly by?: { readonly actor: UserId | 'system'; readonly role: Role; readonly isVerified: boolean };
    /** The network that who signs himself up comes from, as `LoginPeer` has it. */
    readonly network?: string;
    readonly requestId?: string;
  }): Promise<UserProfile> {
    const { users, hasher, rules, ids, clock } = this.#deps;
    const passwordMark = await rules.require(command.password, command);
    const { role, isVerified } = command.by ?? { role: 'user', isVerified: false };
    const hash = () => hasher.hash(command.password);
    const hashPassword = command.by === undefined ? () => this.#signUp(command, hash) : hash;
    const user = await newUser(
      {
        username: command.username,
        email: command.email,
        role,
        isVerified,
        ...(passwordMark === null ? {} : { passwordMark }),
      },
      { uuid: ids.uuid(), nowMs: clock.nowMs(), hashPassword },
    );
    const record: AuditRecord = {
      act: command.by === undefined ? 'user.signed_up' : 'user.created',
      outcome: 'done',
      actor: command.by?.actor ?? user.id,
      object: user.id,
      facts: { role },
      ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
    };
    if ((await users.add(user, [record])) === 'taken') {
      throw new DomainError('account.taken', 'This username or email is taken');
    }
    return profileOf(user);
  }

  async #signUp(
    { network, requestId }: { readonly network?: string; readonly requestId?: string },
    hash: () => Promise<string>,
  ): Promise<string> {
    const { throttle, audit } = this.#deps;
    try {
      return await throttle.signUp(network, hash);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const actor = actorAt(network);
      audit.refuse({
        act: 'user.signed_up',
        outcome: 'refused',
        facts: { reason: 'throttled' },
        ...(actor === undefined ? {} : { actor }),
        ...(requestId === undefined ? {} : { requestId }),
      });
      throw error;
    }
  }
}
