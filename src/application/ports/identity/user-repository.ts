import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import type { UserChange } from '../../../domain/identity/change-user.ts';
import type { LoginSessionId, UserId } from '../../../domain/identity/ids.ts';
import type { User } from '../../../domain/identity/user.ts';

/** A page of users, ordered by creation. */
export interface UserPage {
  readonly users: readonly User[];
  readonly total: number;
}

/** What a change does to the login sessions of its user, in its own write: all but those named end. */
export interface SessionsChange {
  readonly endSessionsAtMs: number;
  readonly keepSession?: LoginSessionId;
  /** A cookie session that ends like the others and goes on as another (`renewedLogin`), with a secret of its own. */
  readonly replaceSession?: {
    readonly id: LoginSessionId;
    readonly by: LoginSessionId;
    readonly cookieSha256: string;
  };
}

/** What a change did. Only `changed` has written anything or ended a session. */
export type UserChangeOutcome =
  | 'changed'
  | 'not-found'
  | 'last-admin'
  /** The password is not the one that the change replaces. */
  | 'outdated'
  /** The session that it replaces is not live any more. */
  | 'session-ended';

/**
 * Keeps accounts. Usernames and emails are unique by their folded keys, deleted accounts' included. The records of
 * `audit` are stored with what they tell of, and not when that is refused.
 */
export interface UserRepository {
  /** Stores a new user; of two racing with the same username or email one is `taken`. Durable when it resolves. */
  add(user: User, audit?: readonly AuditRecord[]): Promise<'added' | 'taken'>;
  find(id: UserId): Promise<User | undefined>;
  findByUsername(usernameKey: string): Promise<User | undefined>;
  findByEmail(emailKey: string): Promise<User | undefined>;
  /** Users whose username or email key contains the text (all when empty), oldest first. */
  search(text: string, page: { readonly offset: number; readonly limit: number }): Promise<UserPage>;
  /**
   * Changes a user in one atomic write and, when `sessions` is given, ends his login sessions with it: with another
   * role, another password, when he is disabled or deleted. Disabling or deleting him revokes his API keys too. The
   * revocation log then has each of these sessions and keys and the user. Refuses to leave the store without an enabled
   * admin: of two admins who demote each other at once, one is refused. A deleted user is `not-found`. Of two changes
   * that replace the same session, one is `session-ended`.
   */
  change(
    id: UserId,
    change: UserChange,
    sessions?: SessionsChange,
    audit?: readonly AuditRecord[],
  ): Promise<UserChangeOutcome>;
  /** How many users there are. */
  count(): Promise<number>;
  /** Whether any enabled account still carries this mark. */
  hasMark(mark: NonNullable<User['passwordMark']>): Promise<boolean>;
}
