import type { Migration } from '../migrations.ts';

/**
 * Chats, messages, streams and their logs.
 *
 * `event_batches` has one row for each group commit, with the events of every running stream in it; the events
 * of an ended stream are one row of `stream_logs`. `streams_slot` is what makes a chat's slot one.
 */
export const STREAMING_SCHEMA: Migration = {
  number: 1,
  name: 'streaming',
  sql: `
    CREATE TABLE chats (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      owner TEXT NOT NULL,
      title TEXT NOT NULL,
      model_id TEXT NOT NULL,
      source TEXT,
      created_at_ms INTEGER NOT NULL,
      updated_at_ms INTEGER NOT NULL,
      last_offset INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX chats_of_owner ON chats (owner, updated_at_ms DESC, seq DESC);

    CREATE TABLE messages (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      chat_id TEXT NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
      content TEXT NOT NULL,
      timestamp_ms INTEGER NOT NULL,
      stream_id TEXT,
      stream_state TEXT
    ) STRICT;
    CREATE INDEX messages_of_chat ON messages (chat_id, seq);

    CREATE TABLE streams (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      owner TEXT NOT NULL,
      chat_id TEXT NOT NULL,
      model_id TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN
        ('opening', 'running', 'finished', 'stopped', 'failed', 'interrupted', 'accepted', 'expired')),
      first_offset INTEGER NOT NULL,
      prompt_tokens INTEGER NOT NULL,
      opened_at_ms INTEGER NOT NULL,
      ended_at_ms INTEGER,
      message_seq INTEGER NOT NULL,
      hold TEXT,
      ending TEXT,
      receipt TEXT
    ) STRICT;
    CREATE INDEX streams_of_chat ON streams (chat_id, seq);
    CREATE UNIQUE INDEX streams_slot ON streams (chat_id) WHERE state IN ('opening', 'running');
    CREATE INDEX streams_active ON streams (owner, seq) WHERE state IN ('opening', 'running');
    CREATE INDEX streams_ended ON streams (ended_at_ms)
      WHERE state IN ('finished', 'stopped', 'failed', 'interrupted', 'accepted');

    CREATE TABLE start_keys (
      owner TEXT NOT NULL,
      route TEXT NOT NULL,
      chat_id TEXT NOT NULL,
      key TEXT NOT NULL,
      body_sha256 TEXT NOT NULL,
      stream_id TEXT NOT NULL,
      PRIMARY KEY (owner, route, chat_id, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX start_keys_of_stream ON start_keys (stream_id);

    CREATE TABLE settlement_intents (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      stream_id TEXT NOT NULL UNIQUE,
      intent TEXT NOT NULL
    ) STRICT;

    CREATE TABLE event_batches (
      id INTEGER PRIMARY KEY,
      body TEXT NOT NULL
    ) STRICT;

    CREATE TABLE stream_logs (
      stream_id TEXT PRIMARY KEY,
      first_offset INTEGER NOT NULL,
      last_offset INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
  `,
};
