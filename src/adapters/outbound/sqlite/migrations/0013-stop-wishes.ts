import type { Migration } from '../migrations.ts';

/** Whether somebody wants a running stream stopped who does not drive it; the index is of those streams alone. */
export const STOP_WISHES_SCHEMA: Migration = {
  number: 13,
  name: 'stop wishes',
  sql: `
    ALTER TABLE streams ADD COLUMN stop_wished INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX streams_stop_wished ON streams (node) WHERE stop_wished = 1;
  `,
};
