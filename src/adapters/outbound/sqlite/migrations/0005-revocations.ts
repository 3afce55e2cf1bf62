import type { Migration } from '../migrations.ts';

/**
 * The ends of logins, in the order of their commits. A trigger writes them, so that no operation that ends a session
 * can forget to; another keeps their times in order and forgets what is older than 20 minutes, 16 rows at a time.
 */
export const REVOCATION_SCHEMA: Migration = {
  number: 5,
  name: 'revocations',
  sql: `
    CREATE TABLE revocations (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL CHECK (kind IN ('session', 'key', 'user')),
      id TEXT NOT NULL,
      closed INTEGER NOT NULL DEFAULT 0,
      at_ms INTEGER NOT NULL
    ) STRICT;

    CREATE TRIGGER revocations_in_order AFTER INSERT ON revocations BEGIN
      UPDATE revocations
        SET at_ms = (SELECT max(at_ms) FROM (SELECT at_ms FROM revocations ORDER BY sequence DESC LIMIT 2))
        WHERE sequence = new.sequence;
      DELETE FROM revocations WHERE sequence IN
        (SELECT sequence FROM revocations WHERE at_ms < new.at_ms - 1200000 ORDER BY sequence LIMIT 16);
    END;

    CREATE TRIGGER login_sessions_end AFTER UPDATE OF ended_at_ms ON login_sessions
      WHEN old.ended_at_ms IS NULL AND new.ended_at_ms IS NOT NULL BEGIN
      INSERT INTO revocations (kind, id, at_ms) VALUES ('session', new.id, new.ended_at_ms);
    END;
  `,
};
