import { isUserId } from '../../domain/identity/ids.ts';
import { foldName, type User } from '../../domain/identity/user.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';

/** An account by its id, else by its username; deleted ones included. */
export const findUser = (users: UserRepository, idOrUsername: string): Promise<User | undefined> =>
  isUserId(idOrUsername) ? users.find(idOrUsername) : users.findByUsername(foldName(idOrUsername));
