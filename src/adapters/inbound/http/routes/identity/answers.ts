import { z } from 'zod';
import type { LoginGrant } from '../../../../../application/identity/login-grant.ts';
import type { UserProfile } from '../../../../../application/identity/user-profile.ts';
import { API_KEY_SCOPES, type ApiKey } from '../../../../../domain/identity/api-key.ts';

const roleAnswer = z.enum(['admin', 'supervisor', 'user']);

/** An account on the wire. */
export const userAnswer = z.object({
  id: z.string(),
  username: z.string(),
  email: z.string(),
  isVerified: z.boolean(),
  role: roleAnswer,
  disabled: z.boolean(),
  createdAt: z.iso.datetime(),
  mustChangePassword: z.boolean().describe('Nothing but changing the password is open'),
});

/** What a login answers. */
export const loginAnswer = z.object({
  message: z.string(),
  accessToken: z.string().describe('JWT for Authorization: Bearer'),
  refreshToken: z.string().describe('Opaque, good for one refresh'),
  expiresIn: z.int().describe('Life of the access token, in seconds'),
  mustChangePassword: z.boolean(),
  user: userAnswer,
});

export const messageAnswer = z.object({ message: z.string() });
export const createdAnswer = z.object({ userId: z.string(), message: z.string() });
export const createdUserAnswer = createdAnswer.extend({ user: userAnswer });
export const changedUserAnswer = messageAnswer.extend({ user: userAnswer });
/** A token that a page shows with every write by cookie. */
const csrfToken = z.string().describe('For X-CSRF-Token with every write by cookie');

export const changedPasswordAnswer = z.object({
  message: z.string(),
  accessToken: z.string().describe('Of a login by tokens').optional(),
  expiresIn: z.int().optional(),
  csrfToken: csrfToken.optional(),
});

/** What a login by cookie answers; the cookie itself is in `Set-Cookie`. */
export const browserLoginAnswer = z.object({ user: userAnswer, csrfToken });

/** Who is logged in. */
export const whoAnswer = z.object({
  user: userAnswer,
  csrfToken: csrfToken.optional().describe('Of a login by cookie, for X-CSRF-Token with every write'),
});

/** One's own logins. */
export const loginListAnswer = z.object({
  sessions: z.array(
    z.object({
      id: z.string(),
      current: z.boolean().describe('The one that asks'),
      kind: z.enum(['bearer', 'cookie']),
      device: z.string().describe('What the user agent says it is, in words'),
      userAgent: z.string().nullable(),
      address: z.string().nullable(),
      createdAt: z.iso.datetime(),
      lastUsedAt: z.iso.datetime().describe('To a minute'),
      expiresAt: z.iso.datetime().describe('When it ends at the latest, or sooner unless it is used'),
    }),
  ),
});
export const endedLoginsAnswer = messageAnswer.extend({ ended: z.int() });
export const userListAnswer = z.object({
  users: z.array(userAnswer),
  pagination: z.object({ total: z.int(), pages: z.int(), currentPage: z.int(), perPage: z.int() }),
});
export const keySetAnswer = z.object({
  keys: z.array(
    z.object({
      kty: z.string(),
      crv: z.string(),
      x: z.string(),
      kid: z.string(),
      alg: z.string(),
      use: z.string(),
    }),
  ),
});

const keyScope = z.enum(API_KEY_SCOPES);
const apiKeyAnswer = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(keyScope),
  agent: z.string().optional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
});
export const listedKeysAnswer = z.object({
  keys: z.array(
    apiKeyAnswer.extend({
      lastUsedAt: z.iso.datetime().optional().describe('Written once a minute at most'),
    }),
  ),
});
export const mintedKeyAnswer = apiKeyAnswer.extend({
  key: z.string().describe('For Authorization: Bearer; shown this once'),
});
export const ticketAnswer = z.object({
  ticket: z.string(),
  expiresIn: z.int().describe('How long it may be redeemed, in seconds'),
});

const keyExpiry = z.iso
  .datetime()
  .describe('When the key that was asked about expires; without, it lasts until it is revoked')
  .optional();

export const principalAnswer = z.object({
  userId: z.string(),
  username: z.string(),
  email: z.string(),
  role: roleAnswer,
  isVerified: z.boolean(),
  disabled: z.boolean(),
  sessionId: z.string().describe('The login session of the credential that was asked about').optional(),
  byCookie: z.boolean().describe('Whether that login is one by a cookie').optional(),
  mustChangePassword: z.boolean().describe('Whether nothing else is open to it before that').optional(),
  apiKeyId: z.string().describe('The API key that was asked about').optional(),
  scopes: z.array(keyScope).describe('What the API key that was asked about is good for').optional(),
  expiresAt: keyExpiry,
});
export const agentAnswer = z.object({
  apiKeyId: z.string().describe('The control key that was asked about'),
  agent: z.string().nullable().describe('The agent profile that it is bound to'),
  scopes: z.array(keyScope).describe('What it is good for'),
  expiresAt: keyExpiry,
});
export const usedAnswer = z.object({ live: z.boolean().describe('False once the login has ended') });
export const redeemedAnswer = z.object({ principal: principalAnswer.nullable() });
export const resolvedAnswer = z.union([
  z.object({ principal: z.union([principalAnswer, agentAnswer]).nullable() }),
  z.object({ principals: z.array(principalAnswer), total: z.int() }),
]);

/** Tokens belong in no cache (RFC 6749, section 5.1). */
export const NO_STORE = { 'Cache-Control': 'no-store' } as const;

/** An account as a caller reads it. */
export const userView = ({ createdAtMs, ...profile }: UserProfile): z.output<typeof userAnswer> => ({
  ...profile,
  createdAt: new Date(createdAtMs).toISOString(),
});

/** A login as a caller reads it. */
export const grantView = (message: string, grant: LoginGrant): z.output<typeof loginAnswer> => ({
  message,
  accessToken: grant.accessToken,
  refreshToken: grant.refreshToken,
  expiresIn: grant.expiresInSeconds,
  mustChangePassword: grant.user.mustChangePassword,
  user: userView(grant.user),
});

const timeText = (atMs: number): string => new Date(atMs).toISOString();

/** An API key as its owner reads it: everything but the key and its hash. */
export const apiKeyView = (key: ApiKey): z.output<typeof listedKeysAnswer>['keys'][number] => ({
  id: key.id,
  name: key.name,
  scopes: [...key.scopes],
  ...(key.agent === undefined ? {} : { agent: key.agent }),
  createdAt: timeText(key.createdAtMs),
  ...(key.expiresAtMs === undefined ? {} : { expiresAt: timeText(key.expiresAtMs) }),
  ...(key.lastUsedAtMs === undefined ? {} : { lastUsedAt: timeText(key.lastUsedAtMs) }),
});
