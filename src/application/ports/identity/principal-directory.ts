import type { UserId } from '../../../domain/identity/ids.ts';
import type { Role } from '../../../domain/identity/principal.ts';

/** What other services may know of a person. */
export interface DirectoryEntry {
  readonly userId: UserId;
  readonly username: string;
  readonly email: string;
  readonly role: Role;
  readonly isVerified: boolean;
  readonly disabled: boolean;
}

/**
 * Auth's answers to the other services: in one process by the users' store, between services over HTTP.
 *
 * @throws PortError `unavailable` or `timeout` when auth cannot be reached.
 */
export interface PrincipalDirectory {
  /** By id, else by username: an id always wins. */
  resolve(userIdOrUsername: string): Promise<DirectoryEntry | undefined>;
  resolveEmail(email: string): Promise<DirectoryEntry | undefined>;
  /** Entries whose username or email contains the text, oldest first. */
  search(
    text: string,
    page: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly entries: readonly DirectoryEntry[]; readonly total: number }>;
}
