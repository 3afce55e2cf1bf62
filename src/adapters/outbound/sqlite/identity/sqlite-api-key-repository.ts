import type {
  ApiKeyRepository,
  KeyOwner,
} from '../../../../application/ports/identity/api-key-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { ApiKey } from '../../../../domain/identity/api-key.ts';
import type { ApiKeyId, UserId } from '../../../../domain/identity/ids.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import type { AddKeyInput, KeyAtInput, RevokeAllInput, RevokeKeyInput } from './api-key-operations.ts';
import { API_KEY_COLUMNS, apiKeyFrom } from './api-key-rows.ts';

/** SQLite reads a negative limit as none. */
const ALL = { offset: 0, limit: -1 };

/** API keys in the embedded store. Those that ended long ago are forgotten when others are made. */
export class SqliteApiKeyRepository implements ApiKeyRepository {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  add(key: ApiKey, atMost: number, audit?: readonly AuditRecord[]): Promise<'added' | 'limit-reached'> {
    const input: AddKeyInput = { key, atMost, audit };
    return this.#store.write('identity.add-api-key', input, 'full');
  }

  find(id: ApiKeyId): Promise<ApiKey | undefined> {
    return this.#store.read((db) => {
      const row = db.prepare(`SELECT ${API_KEY_COLUMNS} FROM api_keys WHERE id = ?`).get(id);
      return row && apiKeyFrom(row);
    });
  }

  touch(id: ApiKeyId, nowMs: number): Promise<void> {
    const input: KeyAtInput = { id, nowMs };
    return this.#store.write('identity.touch-api-key', input, 'normal');
  }

  revoke(id: ApiKeyId, nowMs: number, audit?: readonly AuditRecord[]): Promise<'revoked' | 'not-live'> {
    const input: RevokeKeyInput = { id, nowMs, audit };
    return this.#store.write('identity.revoke-api-key', input, 'full');
  }

  revokeAllOf(userId: UserId, nowMs: number): Promise<readonly ApiKeyId[]> {
    const input: RevokeAllInput = { userId, nowMs };
    return this.#store.write('identity.revoke-api-keys-of', input, 'full');
  }

  listLive(
    owner: KeyOwner,
    nowMs: number,
    page: { readonly offset: number; readonly limit: number } = ALL,
  ): Promise<readonly ApiKey[]> {
    const [whose, ...values] =
      owner === 'everybody' ? ['1'] : ['owner_id IS ?', owner === 'agents' ? null : owner];
    return this.#store.read((db) =>
      db
        .prepare(
          `SELECT ${API_KEY_COLUMNS} FROM api_keys WHERE ${whose} AND revoked_at_ms IS NULL
             AND (expires_at_ms IS NULL OR expires_at_ms > ?)
           ORDER BY created_at_ms DESC, id DESC LIMIT ? OFFSET ?`,
        )
        .all(...values, nowMs, page.limit, page.offset)
        .map(apiKeyFrom),
    );
  }
}
