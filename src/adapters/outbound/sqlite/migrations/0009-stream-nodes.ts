import type { Migration } from '../migrations.ts';

/** Which incarnation of the server drives a stream; those that there are were driven by one that nobody is any more. */
export const STREAM_NODES_SCHEMA: Migration = {
  number: 9,
  name: 'stream nodes',
  sql: `ALTER TABLE streams ADD COLUMN node TEXT NOT NULL DEFAULT '';`,
};
