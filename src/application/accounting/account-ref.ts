import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { DirectoryEntry, PrincipalDirectory } from '../ports/identity/principal-directory.ts';

/** How a caller names an account: an id he is known by, an id or username he wrote, or an email. */
export type AccountRef = { readonly userId: UserId } | { readonly name: string } | { readonly email: string };

/**
 * Finds the id that an account is kept under. An id that a credential proved is not looked up again.
 *
 * @throws DomainError `user.not_found`; PortError when the directory cannot be asked.
 */
export async function accountOf(directory: PrincipalDirectory, ref: AccountRef): Promise<UserId> {
  return 'userId' in ref ? ref.userId : (await entryOf(directory, ref)).userId;
}

/**
 * Finds the person behind an account.
 *
 * @throws DomainError `user.not_found`; PortError when the directory cannot be asked.
 */
export async function entryOf(directory: PrincipalDirectory, ref: AccountRef): Promise<DirectoryEntry> {
  const entry =
    'email' in ref
      ? await directory.resolveEmail(ref.email)
      : await directory.resolve('userId' in ref ? ref.userId : ref.name);
  if (entry === undefined) throw new DomainError('user.not_found', 'There is no such user');
  return entry;
}
