import { z } from 'zod';
import type { LoginGrant } from '../../../../../application/identity/login-grant.ts';
import type { UserProfile } from '../../../../../application/identity/user-profile.ts';

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
export const changedPasswordAnswer = z.object({
  message: z.string(),
  accessToken: z.string(),
  expiresIn: z.int(),
});
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

const principalAnswer = z.object({
  userId: z.string(),
  username: z.string(),
  email: z.string(),
  role: roleAnswer,
  isVerified: z.boolean(),
  disabled: z.boolean(),
  sessionId: z.string().describe('The login session of the credential that was asked about').optional(),
});
export const resolvedAnswer = z.union([
  z.object({ principal: principalAnswer.nullable() }),
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
