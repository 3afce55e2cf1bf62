import type { SigningKey } from '../../../../application/ports/identity/signing-key-repository.ts';
import type { LoginSessionId, UserId } from '../../../../domain/identity/ids.ts';
import type { LoginSession } from '../../../../domain/identity/login-session.ts';
import type { User } from '../../../../domain/identity/user.ts';

/** A row as `node:sqlite` gives it. The schema is STRICT, so a column has the type that it declares. */
export type Row = Record<string, unknown>;

export const USER_COLUMNS =
  'id, username, username_key, email, email_key, password_hash, password_mark, role, is_verified, disabled_at_ms, deleted_at_ms, created_at_ms';
export const SESSION_COLUMNS =
  'id, user_id, kind, created_at_ms, last_used_at_ms, expires_at_ms, idle_ends_at_ms, ended_at_ms, user_agent, address';

export const userFrom = (row: Row): User => ({
  id: row.id as UserId,
  username: row.username as string,
  usernameKey: row.username_key as string,
  email: row.email as string,
  emailKey: row.email_key as string,
  passwordHash: row.password_hash as string,
  ...(row.password_mark === null
    ? {}
    : { passwordMark: row.password_mark as NonNullable<User['passwordMark']> }),
  role: row.role as User['role'],
  isVerified: row.is_verified === 1,
  ...(row.disabled_at_ms === null ? {} : { disabledAtMs: row.disabled_at_ms as number }),
  ...(row.deleted_at_ms === null ? {} : { deletedAtMs: row.deleted_at_ms as number }),
  createdAtMs: row.created_at_ms as number,
});

export const sessionFrom = (row: Row): LoginSession => ({
  id: row.id as LoginSessionId,
  userId: row.user_id as UserId,
  kind: row.kind as LoginSession['kind'],
  createdAtMs: row.created_at_ms as number,
  lastUsedAtMs: row.last_used_at_ms as number,
  expiresAtMs: row.expires_at_ms as number,
  ...(row.idle_ends_at_ms === null ? {} : { idleEndsAtMs: row.idle_ends_at_ms as number }),
  ...(row.ended_at_ms === null ? {} : { endedAtMs: row.ended_at_ms as number }),
  ...(row.user_agent === null ? {} : { userAgent: row.user_agent as string }),
  ...(row.address === null ? {} : { address: row.address as string }),
});

export const signingKeyFrom = (row: Row): SigningKey => ({
  kid: row.kid as string,
  algorithm: row.algorithm as SigningKey['algorithm'],
  privateJwk: row.private_jwk as string,
  createdAtMs: row.created_at_ms as number,
});
