import type { ApiKey } from '../../src/domain/identity/api-key.ts';
import type { ApiKeyId, LoginSessionId } from '../../src/domain/identity/ids.ts';
import type { LoginSession } from '../../src/domain/identity/login-session.ts';
import { TICKET_LIFE_MS, type Ticket } from '../../src/domain/identity/ticket.ts';
import type { User } from '../../src/domain/identity/user.ts';
import { DAY_MS, T0, user } from './ledger-builders.ts';

/** How long the cookie sessions below may lie unused, in milliseconds. */
export const IDLE_MS = 1_800_000;

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
    kind: 'bearer',
    createdAtMs: T0,
    lastUsedAtMs: T0,
    expiresAtMs: T0 + 7 * DAY_MS,
    ...facts,
  };
}

/** A chat key of user 1 that lasts, of its own for each number. */
export function aKey(number: number, facts: Partial<ApiKey> = {}): ApiKey {
  return {
    id: `key${String(number).padStart(9, '0')}` as ApiKeyId,
    sha256: `hash-${number}`,
    name: `Key ${number}`,
    scopes: ['chat'],
    ownerId: user(1),
    createdAtMs: T0,
    ...facts,
  };
}

/** A control key, which belongs to nobody. */
export function aControlKey(number: number, facts: Partial<ApiKey> = {}): ApiKey {
  const { ownerId: _nobody, ...key } = aKey(number, { scopes: ['control'], ...facts });
  return key;
}

/** A ticket of user 1 that may be redeemed for 30 s, of its own for each number. */
export function aTicket(number: number, facts: Partial<Ticket> = {}): Ticket {
  return {
    sha256: `ticket-${number}`,
    userId: user(1),
    loginSessionId: `session-${number}` as LoginSessionId,
    role: 'user',
    createdAtMs: T0,
    expiresAtMs: T0 + TICKET_LIFE_MS,
    ...facts,
  };
}

/** A cookie session of user 1 that lives for half a day, and half an hour unused, of its own for each number. */
export function aCookieSession(number: number, facts: Partial<LoginSession> = {}): LoginSession {
  return aSession(number, {
    kind: 'cookie',
    expiresAtMs: T0 + DAY_MS / 2,
    idleEndsAtMs: T0 + IDLE_MS,
    ...facts,
  });
}
