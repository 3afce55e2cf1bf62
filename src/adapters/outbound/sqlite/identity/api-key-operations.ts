import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import {
  type ApiKey,
  ENDED_KEY_KEPT_MS,
  KEY_USE_WRITTEN_EVERY_MS,
} from '../../../../domain/identity/api-key.ts';
import type { ApiKeyId, UserId } from '../../../../domain/identity/ids.ts';
import type { Transaction, WriterDatabase } from '../operation.ts';
import { API_KEY_COLUMNS } from './api-key-rows.ts';

/** Most ended keys that the making of one forgets. */
const MAX_FORGOTTEN_AT_ONCE = 16;

export interface AddKeyInput {
  readonly key: ApiKey;
  readonly atMost: number;
  readonly audit?: readonly AuditRecord[] | undefined;
}
export interface KeyAtInput {
  readonly id: ApiKeyId;
  readonly nowMs: number;
}
export interface RevokeKeyInput extends KeyAtInput {
  readonly audit?: readonly AuditRecord[] | undefined;
}
export interface RevokeAllInput {
  readonly userId: UserId;
  readonly nowMs: number;
}

/** The writes of API keys, by name. */
export const API_KEY_OPERATIONS = {
  'identity.add-api-key': addKey,
  'identity.touch-api-key': touchKey,
  'identity.revoke-api-key': revokeKey,
  'identity.revoke-api-keys-of': revokeKeysOf,
};

function addKey(db: Transaction, { key, atMost, audit }: AddKeyInput): 'added' | 'limit-reached' {
  forgetEnded(db, key.createdAtMs);
  const counted = db
    .prepare(
      `SELECT count(*) AS live FROM api_keys WHERE owner_id IS ? AND revoked_at_ms IS NULL
         AND (expires_at_ms IS NULL OR expires_at_ms > ?)`,
    )
    .get(key.ownerId ?? null, key.createdAtMs);
  if ((counted?.live as number) >= atMost) return 'limit-reached';
  db.prepare(`INSERT INTO api_keys (${API_KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`).run(
    key.id,
    key.sha256,
    key.name,
    JSON.stringify(key.scopes),
    key.ownerId ?? null,
    key.agent ?? null,
    key.createdAtMs,
    key.expiresAtMs ?? null,
    key.lastUsedAtMs ?? null,
    key.revokedAtMs ?? null,
  );
  db.audit(audit);
  return 'added';
}

function forgetEnded(db: WriterDatabase, nowMs: number): void {
  db.prepare(
    `DELETE FROM api_keys WHERE id IN
       (SELECT id FROM api_keys WHERE coalesce(revoked_at_ms, expires_at_ms) <= ? LIMIT ?)`,
  ).run(nowMs - ENDED_KEY_KEPT_MS, MAX_FORGOTTEN_AT_ONCE);
}

function touchKey(db: WriterDatabase, { id, nowMs }: KeyAtInput): void {
  db.prepare(
    `UPDATE api_keys SET last_used_at_ms = ?1 WHERE id = ?2 AND revoked_at_ms IS NULL
       AND (last_used_at_ms IS NULL OR last_used_at_ms <= ?1 - ?3)`,
  ).run(nowMs, id, KEY_USE_WRITTEN_EVERY_MS);
}

function revokeKey(db: Transaction, { id, nowMs, audit }: RevokeKeyInput): 'revoked' | 'not-live' {
  const { changes } = db
    .prepare(
      `UPDATE api_keys SET revoked_at_ms = ?1 WHERE id = ?2 AND revoked_at_ms IS NULL
         AND (expires_at_ms IS NULL OR expires_at_ms > ?1)`,
    )
    .run(nowMs, id);
  if (changes === 0) return 'not-live';
  db.audit(audit);
  return 'revoked';
}

/** Ends a user's keys, also within another write that ends him. */
export function revokeKeysOf(db: WriterDatabase, { userId, nowMs }: RevokeAllInput): ApiKeyId[] {
  return db
    .prepare(
      `UPDATE api_keys SET revoked_at_ms = ?1 WHERE owner_id = ?2 AND revoked_at_ms IS NULL
         AND (expires_at_ms IS NULL OR expires_at_ms > ?1) RETURNING id`,
    )
    .all(nowMs, userId)
    .map((row) => row.id as ApiKeyId);
}
