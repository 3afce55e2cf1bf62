import { foldName } from '../../domain/identity/user.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import { profileOf, type UserProfile } from './user-profile.ts';

/** Lists accounts for their administrators. */
export class ListUsers {
  readonly #deps: { readonly users: UserRepository };

  constructor(deps: { readonly users: UserRepository }) {
    this.#deps = deps;
  }

  /** A page, oldest first, of the accounts whose username or email contains `text` (all when empty). */
  async execute(command: {
    readonly text: string;
    readonly offset: number;
    readonly limit: number;
  }): Promise<{ readonly users: readonly UserProfile[]; readonly total: number }> {
    const { offset, limit } = command;
    const page = await this.#deps.users.search(foldName(command.text), { offset, limit });
    return { users: page.users.map(profileOf), total: page.total };
  }
}
