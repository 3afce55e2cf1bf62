import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import { profileOf, type UserProfile } from './user-profile.ts';

/** Reads a person's own account. */
export class ReadProfile {
  readonly #deps: { readonly users: UserRepository };

  constructor(deps: { readonly users: UserRepository }) {
    this.#deps = deps;
  }

  /** @throws DomainError `credential.expired` when the account has gone since the credential was checked. */
  async execute(command: { readonly userId: UserId }): Promise<UserProfile> {
    const user = await this.#deps.users.find(command.userId);
    if (user === undefined || user.deletedAtMs !== undefined) {
      throw new DomainError('credential.expired', 'This login has ended');
    }
    return profileOf(user);
  }
}
