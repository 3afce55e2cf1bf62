import type { Migration } from '../migrations.ts';

/** Users, their login sessions with the hashes of refresh tokens, and the keys that sign access tokens. */
export const IDENTITY_SCHEMA: Migration = {
  number: 3,
  name: 'identity',
  sql: `
    CREATE TABLE users (
      id TEXT PRIMARY KEY,
      username TEXT NOT NULL,
      username_key TEXT NOT NULL UNIQUE,
      email TEXT NOT NULL,
      email_key TEXT NOT NULL UNIQUE,
      password_hash TEXT NOT NULL,
      password_mark TEXT CHECK (password_mark IN ('demo', 'generated')),
      role TEXT NOT NULL CHECK (role IN ('admin', 'supervisor', 'user')),
      is_verified INTEGER NOT NULL,
      disabled_at_ms INTEGER,
      deleted_at_ms INTEGER,
      created_at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX users_by_creation ON users (created_at_ms, id);
    CREATE INDEX users_admins ON users (id)
      WHERE role = 'admin' AND disabled_at_ms IS NULL AND deleted_at_ms IS NULL;
    CREATE INDEX users_marked ON users (password_mark) WHERE password_mark IS NOT NULL;

    CREATE TABLE login_sessions (
      id TEXT PRIMARY KEY,
      user_id TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL,
      last_used_at_ms INTEGER NOT NULL,
      expires_at_ms INTEGER NOT NULL,
      ended_at_ms INTEGER,
      user_agent TEXT,
      address TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX login_sessions_of_user ON login_sessions (user_id, created_at_ms DESC, id DESC)
      WHERE ended_at_ms IS NULL;
    CREATE INDEX login_sessions_expired ON login_sessions (expires_at_ms);

    CREATE TABLE refresh_tokens (
      sha256 TEXT PRIMARY KEY,
      session_id TEXT NOT NULL,
      spent INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);

    CREATE TABLE signing_keys (
      kid TEXT PRIMARY KEY,
      algorithm TEXT NOT NULL,
      private_jwk TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
};
