import type { UserId } from './ids.ts';
import type { Role } from './principal.ts';

/**
 * Set while an account's password is one that the server chose: `demo` for the demo accounts,
 * `generated` for the first admin. Cleared when the password is changed.
 */
export type PasswordMark = 'demo' | 'generated';

/** A person's account. The password hash never leaves application and store. */
export interface User {
  readonly id: UserId;
  readonly username: string;
  /** The username after NFKC and case folding: what is unique. */
  readonly usernameKey: string;
  readonly email: string;
  /** The email after NFKC and case folding: what is unique. */
  readonly emailKey: string;
  readonly passwordHash: string;
  readonly passwordMark?: PasswordMark;
  readonly role: Role;
  readonly isVerified: boolean;
  readonly disabledAtMs?: number;
  /** Set when the account was deleted: disabled, anonymised, its grants and journal kept. */
  readonly deletedAtMs?: number;
  readonly createdAtMs: number;
}

/**
 * The form in which usernames and emails are compared. Lower case alone is no folding: it keeps `ß` apart from `ss` and
 * a final sigma from any other, so each character goes through its capitals, where such variants meet. That joins the
 * dotless `ı` with `i` as well, on purpose: they differ by a dot.
 */
export const foldName = (name: string): string =>
  name.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');
