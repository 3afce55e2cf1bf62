import type { Role } from './principal.ts';
import { foldName } from './user.ts';

/** An account whose password the server chose, with that password. */
export interface FirstAccount {
  readonly username: string;
  readonly password: string;
  readonly role: Role;
}

/** The demo accounts, the admin last: an empty store is one without an admin, also when a start was cut short. */
export const DEMO_ACCOUNTS: readonly FirstAccount[] = [
  { username: 'user1', password: 'User1@123', role: 'user' },
  { username: 'supervisor1', password: 'Supervisor1@', role: 'supervisor' },
  { username: 'admin', password: 'admin@admin', role: 'admin' },
];

/** Whether a password is the one that everybody knows of an account of this name. */
export const isDemoPassword = (username: string, password: string): boolean =>
  DEMO_ACCOUNTS.some((account) => account.username === foldName(username) && account.password === password);
