import { foldName, type User } from '../../domain/identity/user.ts';
import type { DirectoryEntry, PrincipalDirectory } from '../ports/identity/principal-directory.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import { findUser } from './find-user.ts';

/** The directory of the process that keeps the accounts itself. */
export class UserDirectory implements PrincipalDirectory {
  readonly #users: UserRepository;

  constructor(users: UserRepository) {
    this.#users = users;
  }

  async resolve(userIdOrUsername: string): Promise<DirectoryEntry | undefined> {
    return entryOf(await findUser(this.#users, userIdOrUsername));
  }

  async resolveEmail(email: string): Promise<DirectoryEntry | undefined> {
    return entryOf(await this.#users.findByEmail(foldName(email)));
  }

  async search(
    text: string,
    page: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly entries: readonly DirectoryEntry[]; readonly total: number }> {
    const { users, total } = await this.#users.search(foldName(text), page);
    return { entries: users.map(toEntry), total };
  }
}

const entryOf = (user: User | undefined): DirectoryEntry | undefined => user && toEntry(user);

const toEntry = (user: User): DirectoryEntry => ({
  userId: user.id,
  username: user.username,
  email: user.email,
  role: user.role,
  isVerified: user.isVerified,
  disabled: user.disabledAtMs !== undefined,
});
