import type { UserId } from '../../domain/identity/ids.ts';
import type { Role } from '../../domain/identity/principal.ts';
import type { User } from '../../domain/identity/user.ts';

/** What a person and the administrators may read of an account; never its password hash. */
export interface UserProfile {
  readonly id: UserId;
  readonly username: string;
  readonly email: string;
  readonly isVerified: boolean;
  readonly role: Role;
  readonly disabled: boolean;
  readonly createdAtMs: number;
  /** Whether the server chose the password and nothing but changing it is open. */
  readonly mustChangePassword: boolean;
}

/** An account without what stays inside. */
export const profileOf = (user: User): UserProfile => ({
  id: user.id,
  username: user.username,
  email: user.email,
  isVerified: user.isVerified,
  role: user.role,
  disabled: user.disabledAtMs !== undefined,
  createdAtMs: user.createdAtMs,
  mustChangePassword: user.passwordMark === 'generated',
});
