import type { Role } from './principal.ts';
import { foldName, type User } from './user.ts';

/** What may change of a user. Absent fields stay; `null` clears. */
export interface UserChange {
  readonly passwordHash?: string;
  /** The hash that `passwordHash` was made for: when another is stored by now, nothing changes. */
  readonly replacesHash?: string;
  readonly passwordMark?: User['passwordMark'] | null;
  readonly role?: Role;
  readonly isVerified?: boolean;
  readonly disabledAtMs?: number | null;
  /** Anonymises: the names are replaced, the account is disabled for good. */
  readonly deleted?: { readonly atMs: number; readonly username: string; readonly email: string };
}

/** Whether this account keeps the door open: an admin who can log in. */
export const isEnabledAdmin = (user: User): boolean =>
  user.role === 'admin' && user.disabledAtMs === undefined && user.deletedAtMs === undefined;

/** Whether a change was made for a password that is not this user's any more. */
export const isOutdated = (user: User, { replacesHash }: UserChange): boolean =>
  replacesHash !== undefined && replacesHash !== user.passwordHash;

/** A user after a change. */
export function changeUser(user: User, change: UserChange): User {
  const { passwordMark, disabledAtMs, ...rest } = user;
  const { deleted } = change;
  const mark = change.passwordMark === undefined ? passwordMark : (change.passwordMark ?? undefined);
  const disabled = change.disabledAtMs === undefined ? disabledAtMs : (change.disabledAtMs ?? undefined);
  return {
    ...rest,
    passwordHash: change.passwordHash ?? user.passwordHash,
    role: change.role ?? user.role,
    isVerified: change.isVerified ?? user.isVerified,
    ...(mark === undefined ? {} : { passwordMark: mark }),
    ...(disabled === undefined ? {} : { disabledAtMs: disabled }),
    ...(deleted === undefined
      ? {}
      : {
          username: deleted.username,
          usernameKey: foldName(deleted.username),
          email: deleted.email,
          emailKey: foldName(deleted.email),
          disabledAtMs: disabled ?? deleted.atMs,
          deletedAtMs: deleted.atMs,
        }),
  };
}
