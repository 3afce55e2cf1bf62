import type { LoginSessionId } from '../../src/domain/identity/ids.ts';
import type { LoginSession, User } from '../../src/domain/identity/user.ts';
import { DAY_MS, T0, user } from './ledger-builders.ts';

/** A plain user of his own for each number: `user1`, `user1@example.org`. */
export function aUser(number: number, facts: Partial<User> = {}): User {
  return {
    id: user(number),
    username: `User${number}`,
    usernameKey: `user${number}`,
    email: `User${number}@example.org`,
    emailKey: `user${number}@example.org`,
    passwordHash: 'hash',
    role: 'user',
    isVerified: false,
    createdAtMs: T0,
    ...facts,
  };
}

/** A login session of user 1 that lives for a week, of its own for each number. */
export function aSession(number: number, facts: Partial<LoginSession> = {}): LoginSession {
  return {
    id: `session-${number}` as LoginSessionId,
    userId: user(1),
    createdAtMs: T0,
    lastUsedAtMs: T0,
    expiresAtMs: T0 + 7 * DAY_MS,
    ...facts,
  };
}
