import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { UserChange } from '../../domain/identity/change-user.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { Role } from '../../domain/identity/principal.ts';
import type { User } from '../../domain/identity/user.ts';
import type { Clock } from '../ports/clock.ts';
import type { PasswordHasher } from '../ports/identity/password-hasher.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import type { UserStreams } from '../ports/identity/user-streams.ts';
import { findUser } from './find-user.ts';
import type { PasswordRules } from './passwords/password-rules.ts';
import { profileOf, type UserProfile } from './user-profile.ts';

interface Deps {
  readonly users: UserRepository;
  readonly hasher: PasswordHasher;
  readonly rules: PasswordRules;
  readonly clock: Clock;
  readonly userStreams: UserStreams;
}

interface Command {
  /** The account, by its id or its username. */
  readonly user: string;
  readonly role?: Role;
  readonly disabled?: boolean;
  readonly isVerified?: boolean;
  readonly password?: string;
  readonly actor: UserId | 'system';
  readonly requestId?: string;
}

/** Changes somebody's account. */
export class AdministerUser {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Everything asked for is one write; another role, a new password and disabling end all logins with it. Disabling
   * also stops and settles his streams, again when it is asked for again.
   *
   * @throws DomainError `user.not_found`, `account.last_admin`, `request.invalid`; PortError `unavailable` when
   *   too many hash at once.
   */
  async execute(command: Command): Promise<UserProfile> {
    const { users, clock, userStreams } = this.#deps;
    const before = await findUser(users, command.user);
    if (before === undefined) throw notFound();
    const nowMs = clock.nowMs();
    const change = await this.#changeOf(command, before, nowMs);
    const endsLogins =
      change.role !== undefined ||
      change.passwordHash !== undefined ||
      (change.disabledAtMs !== undefined && change.disabledAtMs !== null);
    const outcome = await users.change(
      before.id,
      change,
      endsLogins ? { endSessionsAtMs: nowMs } : undefined,
      recordsOf(command, before, change),
    );
    if (outcome === 'not-found') throw notFound();
    if (outcome === 'last-admin') {
      throw new DomainError('account.last_admin', 'The last admin cannot be demoted or disabled');
    }
    if (command.disabled === true) await userStreams.stopAll(before.id);
    const after = await users.find(before.id);
    if (after === undefined) throw notFound();
    return profileOf(after);
  }

  /** What really changes; what already is as asked stays as it is. */
  async #changeOf(command: Command, before: User, nowMs: number): Promise<UserChange> {
    const { role, disabled, isVerified, password } = command;
    const passwordMark = password === undefined ? null : await this.#deps.rules.require(password, before);
    const isDisabled = before.disabledAtMs !== undefined;
    return {
      ...(role === undefined || role === before.role ? {} : { role }),
      ...(disabled === undefined || disabled === isDisabled ? {} : { disabledAtMs: disabled ? nowMs : null }),
      ...(isVerified === undefined || isVerified === before.isVerified ? {} : { isVerified }),
      ...(password === undefined
        ? {}
        : { passwordHash: await this.#deps.hasher.hash(password), passwordMark }),
    };
  }
}

/** One record for each thing that changes. */
function recordsOf(command: Command, before: User, change: UserChange): AuditRecord[] {
  const record = (act: string, facts?: AuditRecord['facts']): AuditRecord => ({
    act,
    outcome: 'done',
    actor: command.actor,
    object: before.id,
    ...(facts === undefined ? {} : { facts }),
    ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
  });
  const { role, disabledAtMs, isVerified, passwordHash } = change;
  return [
    ...(role === undefined ? [] : [record('user.role_changed', { from: before.role, to: role })]),
    ...(disabledAtMs === undefined ? [] : [record(disabledAtMs === null ? 'user.enabled' : 'user.disabled')]),
    ...(isVerified === undefined ? [] : [record('user.verified', { isVerified })]),
    ...(passwordHash === undefined ? [] : [record('user.password_set')]),
  ];
}

const notFound = (): DomainError => new DomainError('user.not_found', 'There is no such user');
