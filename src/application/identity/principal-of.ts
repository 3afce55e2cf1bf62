import type { LoginSessionId } from '../../domain/identity/ids.ts';
import type { UserPrincipal } from '../../domain/identity/principal.ts';
import type { User } from '../../domain/identity/user.ts';

/** Who a user is within one of his logins: what an access token says of him. */
export const principalOf = (user: User, loginSessionId: LoginSessionId): UserPrincipal => ({
  kind: 'user',
  userId: user.id,
  username: user.username,
  email: user.email,
  role: user.role,
  loginSessionId,
  ...(user.passwordMark === 'generated' ? { mustChangePassword: true } : {}),
});
