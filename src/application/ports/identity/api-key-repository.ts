import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import type { ApiKey } from '../../../domain/identity/api-key.ts';
import type { ApiKeyId, UserId } from '../../../domain/identity/ids.ts';

/** Whose keys: a user's, those that belong to agents, or all. */
export type KeyOwner = UserId | 'agents' | 'everybody';

/**
 * Keeps API keys by their hashes; never a key itself. One that has ended may be forgotten after 30 days. The records of
 * `audit` are stored with what they tell of, and not when that is refused.
 */
export interface ApiKeyRepository {
  /**
   * Stores a new key, if its owner has fewer than `atMost` live ones when it is made. Counting and storing are one
   * atomic write, so of two racing for the last place one is refused. Durable when it resolves.
   */
  add(key: ApiKey, atMost: number, audit?: readonly AuditRecord[]): Promise<'added' | 'limit-reached'>;
  /** By its id, also when it has ended. Fast: every request with a key asks. */
  find(id: ApiKeyId): Promise<ApiKey | undefined>;
  /** Notes a use, unless one was noted in the minute before; what has been revoked stays untouched. Idempotent. */
  touch(id: ApiKeyId, nowMs: number): Promise<void>;
  /**
   * Ends a key. `revoked` for exactly one of racing callers; `not-live` when it is unknown, has been revoked or has
   * expired. Durable when it resolves.
   */
  revoke(id: ApiKeyId, nowMs: number, audit?: readonly AuditRecord[]): Promise<'revoked' | 'not-live'>;
  /** Ends all live keys of a user and returns them. Keys of agents are nobody's. Idempotent. */
  revokeAllOf(userId: UserId, nowMs: number): Promise<readonly ApiKeyId[]>;
  /** The live keys of an owner, newest first; all of them, or a page. */
  listLive(
    owner: KeyOwner,
    nowMs: number,
    page?: { readonly offset: number; readonly limit: number },
  ): Promise<readonly ApiKey[]>;
}
