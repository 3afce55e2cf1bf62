import type { ApiKeyRepository } from '../../../../application/ports/identity/api-key-repository.ts';
import type {
  SessionsChange,
  UserChangeOutcome,
  UserPage,
  UserRepository,
} from '../../../../application/ports/identity/user-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import {
  changeUser,
  isEnabledAdmin,
  isOutdated,
  type UserChange,
} from '../../../../domain/identity/change-user.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { User } from '../../../../domain/identity/user.ts';
import { MemoryAuditLog } from '../audit/memory-audit-log.ts';
import type { MemoryLoginSessionRepository } from './memory-login-session-repository.ts';
import { MemoryRevocationLog } from './memory-revocation-log.ts';

/** Accounts in one process's memory, beside the login sessions and API keys that a change may end. */
export class MemoryUserRepository implements UserRepository {
  readonly #users = new Map<UserId, User>();
  readonly #sessions: MemoryLoginSessionRepository;
  readonly #apiKeys: ApiKeyRepository;
  readonly #revocations: MemoryRevocationLog;
  readonly #audit: MemoryAuditLog;

  constructor(
    sessions: MemoryLoginSessionRepository,
    apiKeys: ApiKeyRepository,
    revocations = new MemoryRevocationLog(),
    audit = new MemoryAuditLog(),
  ) {
    this.#sessions = sessions;
    this.#apiKeys = apiKeys;
    this.#revocations = revocations;
    this.#audit = audit;
  }

  async add(user: User, audit?: readonly AuditRecord[]): Promise<'added' | 'taken'> {
    if (this.#users.has(user.id) || this.#holderOf(user) !== undefined) return 'taken';
    this.#users.set(user.id, user);
    this.#audit.add(audit);
    return 'added';
  }

  async find(id: UserId): Promise<User | undefined> {
    return this.#users.get(id);
  }

  async findByUsername(usernameKey: string): Promise<User | undefined> {
    return this.#list().find((user) => user.usernameKey === usernameKey);
  }

  async findByEmail(emailKey: string): Promise<User | undefined> {
    return this.#list().find((user) => user.emailKey === emailKey);
  }

  async search(text: string, page: { readonly offset: number; readonly limit: number }): Promise<UserPage> {
    const found = this.#list()
      .filter((user) => user.usernameKey.includes(text) || user.emailKey.includes(text))
      .sort((left, right) => left.createdAtMs - right.createdAtMs || (left.id < right.id ? -1 : 1));
    return { users: found.slice(page.offset, page.offset + page.limit), total: found.length };
  }

  async change(
    id: UserId,
    change: UserChange,
    sessions?: SessionsChange,
    audit?: readonly AuditRecord[],
  ): Promise<UserChangeOutcome> {
    const user = this.#users.get(id);
    if (user === undefined || user.deletedAtMs !== undefined) return 'not-found';
    if (isOutdated(user, change)) return 'outdated';
    const changed = changeUser(user, change);
    if (isEnabledAdmin(user) && !isEnabledAdmin(changed)) {
      const admins = this.#list().filter(isEnabledAdmin);
      if (admins.length === 1) return 'last-admin';
    }
    if (sessions !== undefined && !this.#sessions.apply(id, sessions)) return 'session-ended';
    this.#users.set(id, changed);
    this.#audit.add(audit);
    if (changed.disabledAtMs !== undefined) await this.#apiKeys.revokeAllOf(id, changed.disabledAtMs);
    if (sessions !== undefined) {
      this.#revocations.append(
        { userId: id, ...(changed.disabledAtMs === undefined ? {} : { closed: true }) },
        sessions.endSessionsAtMs,
      );
    }
    return 'changed';
  }

  async count(): Promise<number> {
    return this.#users.size;
  }

  async hasMark(mark: NonNullable<User['passwordMark']>): Promise<boolean> {
    return this.#list().some((user) => user.passwordMark === mark && user.disabledAtMs === undefined);
  }

  #list(): User[] {
    return [...this.#users.values()];
  }

  #holderOf(names: User): User | undefined {
    return this.#list().find(
      (user) => user.usernameKey === names.usernameKey || user.emailKey === names.emailKey,
    );
  }
}
