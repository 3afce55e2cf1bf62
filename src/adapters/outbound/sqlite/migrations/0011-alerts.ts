import type { Migration } from '../migrations.ts';

/** What operators are alerted to. An alert that is counted on takes the next number, so that the order tells what is new. */
export const ALERT_SCHEMA: Migration = {
  number: 11,
  name: 'alerts',
  sql: `
    CREATE TABLE alerts (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      principal TEXT NOT NULL,
      at_ms INTEGER NOT NULL,
      until_ms INTEGER NOT NULL,
      count INTEGER NOT NULL,
      detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX alerts_open ON alerts (principal, kind, until_ms);
  `,
};
