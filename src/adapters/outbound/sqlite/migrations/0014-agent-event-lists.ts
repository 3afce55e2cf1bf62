import type { Migration } from '../migrations.ts';

/**
 * The lists by which agents' events are read, in a table of their own: events are put into it many at once, sorted, since
 * an index on each column writes a page of its own for nearly every event. `up_to` is the last row that is listed; what
 * came after it is few, and looked through.
 */
export const AGENT_EVENT_LISTS_SCHEMA: Migration = {
  number: 14,
  name: 'agent event lists',
  sql: `
    CREATE TABLE agent_event_lists (
      list TEXT NOT NULL CHECK (list IN ('owner', 'session', 'agent')),
      name TEXT NOT NULL,
      seq INTEGER NOT NULL,
      PRIMARY KEY (list, name, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE agent_events_listed (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      up_to INTEGER NOT NULL
    ) STRICT;
    INSERT INTO agent_event_lists SELECT 'owner', owner, seq FROM agent_events ORDER BY owner, seq;
    INSERT INTO agent_event_lists SELECT 'session', session_id, seq FROM agent_events ORDER BY session_id, seq;
    INSERT INTO agent_event_lists SELECT 'agent', agent_id, seq FROM agent_events ORDER BY agent_id, seq;
    INSERT INTO agent_events_listed SELECT 1, max(seq) FROM agent_events HAVING max(seq) IS NOT NULL;
    DROP INDEX agent_events_of_owner;
    DROP INDEX agent_events_of_session;
    DROP INDEX agent_events_of_agent;
  `,
};
