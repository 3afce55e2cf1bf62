import type { Migration } from '../migrations.ts';

/**
 * API keys and tickets, by their hashes. A key without an owner belongs to its agent, or to itself. A trigger
 * writes the end of a key into the log of revocations, as those of sessions are.
 */
export const API_KEY_SCHEMA: Migration = {
  number: 6,
  name: 'api keys and tickets',
  sql: `
    CREATE TABLE api_keys (
      id TEXT PRIMARY KEY,
      sha256 TEXT NOT NULL,
      name TEXT NOT NULL,
      scopes TEXT NOT NULL,
      owner_id TEXT,
      agent TEXT,
      created_at_ms INTEGER NOT NULL,
      expires_at_ms INTEGER,
      last_used_at_ms INTEGER,
      revoked_at_ms INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX api_keys_of_owner ON api_keys (owner_id, created_at_ms DESC, id DESC)
      WHERE revoked_at_ms IS NULL;
    CREATE INDEX api_keys_ended ON api_keys (coalesce(revoked_at_ms, expires_at_ms))
      WHERE coalesce(revoked_at_ms, expires_at_ms) IS NOT NULL;

    CREATE TRIGGER api_keys_end AFTER UPDATE OF revoked_at_ms ON api_keys
      WHEN old.revoked_at_ms IS NULL AND new.revoked_at_ms IS NOT NULL BEGIN
      INSERT INTO revocations (kind, id, at_ms) VALUES ('key', new.id, new.revoked_at_ms);
    END;

    CREATE TABLE tickets (
      sha256 TEXT PRIMARY KEY,
      user_id TEXT NOT NULL,
      login_session_id TEXT NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('admin', 'supervisor', 'user')),
      by_cookie INTEGER NOT NULL,
      created_at_ms INTEGER NOT NULL,
      expires_at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tickets_of_user ON tickets (user_id);
    CREATE INDEX tickets_expired ON tickets (expires_at_ms);
  `,
};
