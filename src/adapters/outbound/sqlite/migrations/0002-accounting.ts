import type { Migration } from '../migrations.ts';

/**
 * The ledger. `accounts`, `grants` and `reservations` are documents; `journal` is what they are the sum of, and
 * its `cursor` counts up because no row of it is ever removed. Amounts are micro-credits.
 */
export const ACCOUNTING_SCHEMA: Migration = {
  number: 2,
  name: 'accounting',
  sql: `
    CREATE TABLE accounts (
      user_id TEXT PRIMARY KEY,
      available_micros INTEGER NOT NULL CHECK (available_micros >= 0),
      held_micros INTEGER NOT NULL CHECK (held_micros >= 0),
      charged_micros INTEGER NOT NULL CHECK (charged_micros >= 0),
      expired_micros INTEGER NOT NULL CHECK (expired_micros >= 0),
      granted_micros INTEGER NOT NULL CHECK (granted_micros >= 0),
      adjusted_micros INTEGER NOT NULL,
      estimate_scales TEXT NOT NULL DEFAULT '{}'
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE grants (
      id TEXT PRIMARY KEY,
      user_id TEXT NOT NULL,
      amount_micros INTEGER NOT NULL,
      remaining_micros INTEGER NOT NULL CHECK (remaining_micros >= 0),
      granted_at_ms INTEGER NOT NULL,
      expires_at_ms INTEGER NOT NULL,
      source TEXT NOT NULL CHECK (source IN ('allocation', 'adjustment', 'demo')),
      granted_by TEXT NOT NULL,
      notes TEXT,
      lapsed INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX grants_with_credit ON grants (user_id) WHERE remaining_micros > 0;
    CREATE INDEX grants_to_lapse ON grants (expires_at_ms, user_id) WHERE remaining_micros > 0;
    CREATE INDEX grants_of_user ON grants (user_id, granted_at_ms DESC, id DESC);
    CREATE INDEX grants_newest ON grants (granted_at_ms DESC, id DESC);

    CREATE TABLE reservations (
      id TEXT PRIMARY KEY,
      user_id TEXT NOT NULL,
      model_id TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('open', 'settled', 'released', 'expired', 'voided')),
      estimated_tokens INTEGER NOT NULL,
      amount_micros INTEGER NOT NULL CHECK (amount_micros >= 0),
      parts TEXT NOT NULL,
      price_micros_per_1000 INTEGER NOT NULL,
      max_output_tokens INTEGER NOT NULL,
      limited_by TEXT NOT NULL CHECK (limited_by IN ('credit', 'model')),
      opened_at_ms INTEGER NOT NULL,
      expires_at_ms INTEGER NOT NULL,
      checkpoint_tokens INTEGER NOT NULL,
      outcome TEXT,
      late_report TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX reservations_due ON reservations (expires_at_ms) WHERE state = 'open';
    CREATE INDEX reservations_open ON reservations (user_id, opened_at_ms DESC, id DESC) WHERE state = 'open';
    CREATE INDEX reservations_of_user ON reservations (user_id, opened_at_ms DESC, id DESC);
    CREATE INDEX reservations_newest ON reservations (opened_at_ms DESC, id DESC);

    CREATE TABLE journal (
      cursor INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      user_id TEXT NOT NULL,
      entry TEXT NOT NULL
    ) STRICT;

    CREATE TABLE usage_records (
      id TEXT PRIMARY KEY,
      user_id TEXT NOT NULL,
      service TEXT NOT NULL,
      model_id TEXT,
      stream_id TEXT,
      tokens INTEGER NOT NULL,
      charge_micros INTEGER NOT NULL,
      at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX usage_of_user ON usage_records (user_id, at_ms DESC, id DESC);
    CREATE INDEX usage_newest ON usage_records (at_ms DESC, id DESC);
  `,
};
