import { DomainError } from '../../../domain/domain-error.ts';
import { requirePassword } from '../../../domain/identity/account-rules.ts';
import { isObviousPassword, type PasswordOwner } from '../../../domain/identity/obvious-password.ts';
import type { CommonPasswords } from '../../ports/identity/common-passwords.ts';

/**
 * What a password that somebody chose has to be: neither short nor endless, and none that is tried first. Nothing else
 * is asked of it: no classes of characters, no age (ASVS 5.0, 6.2.5 and 6.2.10).
 */
export class PasswordRules {
  readonly #common: CommonPasswords;

  constructor(given: { readonly common: CommonPasswords }) {
    this.#common = given.common;
  }

  /**
   * Looks at a password before anything is spent on hashing it.
   *
   * @throws DomainError `request.invalid` that names `path`.
   */
  async require(password: string, owner: PasswordOwner, path = 'password'): Promise<void> {
    requirePassword(password, path);
    if (!isObviousPassword(password, owner) && !(await this.#common.has(password))) return;
    const message = 'is one of the passwords that are tried first; choose another';
    throw new DomainError('request.invalid', `${path}: ${message}`, { errors: [{ path, message }] });
  }
}
