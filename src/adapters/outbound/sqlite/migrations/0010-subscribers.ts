import type { Migration } from '../migrations.ts';

/**
 * Who owns which session, also while nobody is connected to it. The state is one text, which the entity reads; what
 * conditions and queries look at stands beside it.
 */
export const SUBSCRIBER_SCHEMA: Migration = {
  number: 10,
  name: 'subscribers',
  sql: `
    CREATE TABLE subscribers (
      id TEXT PRIMARY KEY,
      realm TEXT NOT NULL CHECK (realm IN ('mux', 'control')),
      owner TEXT NOT NULL,
      mark TEXT NOT NULL,
      detached_at_ms INTEGER,
      lease_ends_at_ms INTEGER,
      state TEXT NOT NULL
    ) STRICT;
    CREATE INDEX subscribers_of_owner ON subscribers (owner, realm, detached_at_ms, id);
    CREATE INDEX subscribers_held ON subscribers (id) WHERE detached_at_ms IS NULL;
    CREATE INDEX subscribers_leased ON subscribers (lease_ends_at_ms) WHERE lease_ends_at_ms IS NOT NULL;
  `,
};
