import type { Migration } from '../migrations.ts';

/**
 * The audit log, and where each of its chains was last seen to stand. Rows of the log are never changed and never
 * deleted; the triggers stop our own mistakes, the codes show other people's.
 */
export const AUDIT_SCHEMA: Migration = {
  number: 7,
  name: 'audit',
  sql: `
    CREATE TABLE audit_records (
      cursor INTEGER PRIMARY KEY AUTOINCREMENT,
      chain TEXT NOT NULL,
      seq INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      record TEXT NOT NULL,
      mac TEXT NOT NULL,
      UNIQUE (chain, seq)
    ) STRICT;
    CREATE TRIGGER audit_records_stay BEFORE DELETE ON audit_records
      BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
    CREATE TRIGGER audit_records_stand BEFORE UPDATE ON audit_records
      BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

    CREATE TABLE audit_anchors (
      chain TEXT PRIMARY KEY,
      begun INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      head TEXT NOT NULL,
      at_ms INTEGER NOT NULL,
      mac TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX audit_anchors_by_begin ON audit_anchors (begun DESC);
  `,
};
