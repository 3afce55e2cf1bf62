import type { Migration } from '../migrations.ts';

/**
 * What agents' events, policies and inventories are kept in. An event's `seq` is the time in its id and a number within
 * it, so that the order of rows is that of ids and needs no index. What names an event on the wire is random, and each
 * page of an index that a random name touches is written: that one index has numbers made of the names. The event's
 * bytes stand apart, so that a change of its state moves none of them.
 */
export const AGENT_CONTROL_SCHEMA: Migration = {
  number: 12,
  name: 'agent-control',
  sql: `
    CREATE TABLE agent_events (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL,
      mark TEXT NOT NULL,
      owner TEXT NOT NULL,
      session_id TEXT NOT NULL,
      event_id TEXT NOT NULL,
      event_key INTEGER NOT NULL,
      owner_key INTEGER NOT NULL,
      bytes_key INTEGER NOT NULL,
      sha256 BLOB NOT NULL,
      received_at_ms INTEGER NOT NULL,
      said_session_id TEXT NOT NULL,
      connection_id TEXT NOT NULL,
      run_id TEXT NOT NULL,
      agent_id TEXT NOT NULL,
      source TEXT NOT NULL,
      pair_type TEXT NOT NULL CHECK (pair_type IN ('llm', 'tool', 'unspecified')),
      profile TEXT,
      code TEXT NOT NULL,
      reason TEXT NOT NULL,
      rule TEXT,
      delivery TEXT NOT NULL CHECK (delivery IN ('none', 'waiting', 'due', 'delivered', 'lapsed')),
      due_since_ms INTEGER,
      node TEXT,
      connection TEXT,
      verdict TEXT NOT NULL,
      review_id TEXT,
      review_status TEXT CHECK (review_status IN ('pending', 'approved', 'rejected', 'expired')),
      review_deadline_ms INTEGER,
      review TEXT
    ) STRICT;
    CREATE TABLE agent_event_bytes (
      seq INTEGER PRIMARY KEY,
      bytes BLOB NOT NULL
    ) STRICT;
    CREATE INDEX agent_events_named ON agent_events (event_key, owner_key, bytes_key);
    CREATE INDEX agent_events_of_owner ON agent_events (owner);
    CREATE INDEX agent_events_of_session ON agent_events (session_id);
    CREATE INDEX agent_events_of_agent ON agent_events (agent_id);
    CREATE INDEX agent_events_due ON agent_events (owner, session_id) WHERE delivery = 'due';
    CREATE INDEX agent_events_due_since ON agent_events (due_since_ms) WHERE delivery = 'due';
    CREATE INDEX agent_events_unanswered ON agent_events (connection) WHERE delivery IN ('due', 'waiting');
    CREATE UNIQUE INDEX agent_events_reviewed ON agent_events (review_id) WHERE review_id IS NOT NULL;
    CREATE INDEX agent_events_asked ON agent_events (seq) WHERE review_id IS NOT NULL;
    CREATE INDEX agent_events_by_review ON agent_events (review_status) WHERE review_status IS NOT NULL;
    CREATE INDEX agent_events_deadlines ON agent_events (review_deadline_ms) WHERE review_status = 'pending';
    CREATE INDEX agent_events_asking ON agent_events (owner) WHERE review_status = 'pending';

    CREATE TABLE policy_book (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      version INTEGER NOT NULL,
      book TEXT NOT NULL
    ) STRICT;

    CREATE TABLE mcp_inventories (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      session_id TEXT NOT NULL,
      last_seen_at_ms INTEGER NOT NULL,
      servers TEXT NOT NULL
    ) STRICT;
    CREATE INDEX mcp_inventories_seen ON mcp_inventories (last_seen_at_ms);
  `,
};
