import type { Migration } from '../migrations.ts';

/** The latest time that anything was written at: one row once anything was. */
export const CLOCK_MARK_SCHEMA: Migration = {
  number: 4,
  name: 'clock mark',
  sql: `
    CREATE TABLE clock_mark (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      at_ms INTEGER NOT NULL
    ) STRICT;
  `,
};
