import { emailFrom, usernameFrom } from '../../domain/identity/account-rules.ts';
import { userIdFrom } from '../../domain/identity/ids.ts';
import type { Role } from '../../domain/identity/principal.ts';
import { foldName, type PasswordMark, type User } from '../../domain/identity/user.ts';

/** What an account is made of. */
export interface NewUser {
  readonly username: string;
  readonly email: string;
  readonly role: Role;
  readonly isVerified: boolean;
  readonly passwordMark?: PasswordMark;
}

/**
 * Makes an account whose names keep the rules; its password has been hashed by `hashPassword`, which is called
 * only once they do.
 *
 * @throws DomainError `request.invalid`; whatever `hashPassword` throws.
 */
export async function newUser(
  draft: NewUser,
  made: { readonly uuid: string; readonly nowMs: number; hashPassword(): Promise<string> },
): Promise<User> {
  const username = usernameFrom(draft.username);
  const email = emailFrom(draft.email);
  return {
    id: userIdFrom(made.uuid),
    username,
    usernameKey: foldName(username),
    email,
    emailKey: foldName(email),
    passwordHash: await made.hashPassword(),
    ...(draft.passwordMark === undefined ? {} : { passwordMark: draft.passwordMark }),
    role: draft.role,
    isVerified: draft.isVerified,
    createdAtMs: made.nowMs,
  };
}
