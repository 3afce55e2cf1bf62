import type { Migration } from '../migrations.ts';

/** Login sessions by cookie, which also end when they lie unused; those that there are were begun for tokens. */
export const COOKIE_LOGINS_SCHEMA: Migration = {
  number: 8,
  name: 'cookie logins',
  sql: `
    ALTER TABLE login_sessions
      ADD COLUMN kind TEXT NOT NULL DEFAULT 'bearer' CHECK (kind IN ('bearer', 'cookie'));
    ALTER TABLE login_sessions ADD COLUMN idle_ends_at_ms INTEGER;
    ALTER TABLE login_sessions ADD COLUMN cookie_sha256 TEXT;
    CREATE UNIQUE INDEX login_sessions_by_cookie ON login_sessions (cookie_sha256)
      WHERE cookie_sha256 IS NOT NULL;
  `,
};
