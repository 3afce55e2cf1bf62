import type { LoginSessionId, UserId } from './ids.ts';

/** What a person may be. `enduser` is an alias of `user` on the wire and never stored. */
export type Role = 'admin' | 'supervisor' | 'user';

/** A person, as an accepted credential names him. */
export interface UserPrincipal {
  readonly kind: 'user';
  readonly userId: UserId;
  readonly username: string;
  readonly email: string;
  readonly role: Role;
  /** The login session that the credential belongs to; the credential ends with it. */
  readonly loginSessionId: LoginSessionId;
  /** Set while the password is one that the server chose for the first admin: nothing else is open until it is changed. */
  readonly mustChangePassword?: true;
}

/** Another service of the same deployment, by its service key. */
export interface ServicePrincipal {
  readonly kind: 'service';
}

/** Who asks. */
export type Principal = UserPrincipal | ServicePrincipal;

/** Reads a role as callers write it. */
export function roleFrom(text: string): Role | undefined {
  if (text === 'enduser') return 'user';
  return text === 'admin' || text === 'supervisor' || text === 'user' ? text : undefined;
}
