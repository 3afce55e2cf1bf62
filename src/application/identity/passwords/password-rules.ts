import { DomainError } from '../../../domain/domain-error.ts';
import { requirePassword } from '../../../domain/identity/account-rules.ts';
import { isDemoPassword } from '../../../domain/identity/demo-accounts.ts';
import { isObviousPassword, type PasswordOwner } from '../../../domain/identity/obvious-password.ts';
import type { PasswordMark } from '../../../domain/identity/user.ts';
import type { CommonPasswords } from '../../ports/identity/common-passwords.ts';

/**
 * What a password that somebody chose has to be: neither short nor endless, and none that is tried first. Nothing else
 * is asked of it: no classes of characters, no age (ASVS 5.0, 6.2.5 and 6.2.10).
 */
export class PasswordRules {
  readonly #common: CommonPasswords;
  readonly #demo: boolean;

  /** `demo`: the server runs with demo accounts, for this machine alone. */
  constructor(given: { readonly common: CommonPasswords; readonly demo?: boolean }) {
    this.#common = given.common;
    this.#demo = given.demo ?? false;
  }

  /**
   * Looks at a password before anything is spent on hashing it, and returns the mark that the account gets with it: a
   * demo account may take its known password again while the server is a demo, and is marked as one again, so that
   * no server with a password that everybody knows is ever served to others.
   *
   * @throws DomainError `request.invalid` that names `path`.
   */
  async require(password: string, owner: PasswordOwner, path = 'password'): Promise<PasswordMark | null> {
    requirePassword(password, path);
    const known = isDemoPassword(owner.username, password);
    if (known && this.#demo) return 'demo';
    if (!known && !isObviousPassword(password, owner) && !(await this.#common.has(password))) return null;
    const message = 'is one of the passwords that are tried first; choose another';
    throw new DomainError('request.invalid', `${path}: ${message}`, { errors: [{ path, message }] });
  }
}
