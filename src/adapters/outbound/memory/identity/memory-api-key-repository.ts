import type {
  ApiKeyRepository,
  KeyOwner,
} from '../../../../application/ports/identity/api-key-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import {
  type ApiKey,
  ENDED_KEY_KEPT_MS,
  isLiveKey,
  KEY_USE_WRITTEN_EVERY_MS,
} from '../../../../domain/identity/api-key.ts';
import type { ApiKeyId, UserId } from '../../../../domain/identity/ids.ts';
import { MemoryAuditLog } from '../audit/memory-audit-log.ts';
import { MemoryRevocationLog } from './memory-revocation-log.ts';

/** API keys in one process's memory. Those that ended long ago are forgotten when the next is made. */
export class MemoryApiKeyRepository implements ApiKeyRepository {
  readonly #keys = new Map<ApiKeyId, ApiKey>();
  readonly #revocations: MemoryRevocationLog;
  readonly #audit: MemoryAuditLog;

  constructor(revocations = new MemoryRevocationLog(), audit = new MemoryAuditLog()) {
    this.#revocations = revocations;
    this.#audit = audit;
  }

  async add(key: ApiKey, atMost: number, audit?: readonly AuditRecord[]): Promise<'added' | 'limit-reached'> {
    this.#forgetEnded(key.createdAtMs);
    if (this.#live(key.ownerId ?? 'agents', key.createdAtMs).length >= atMost) return 'limit-reached';
    this.#keys.set(key.id, key);
    this.#audit.add(audit);
    return 'added';
  }

  async find(id: ApiKeyId): Promise<ApiKey | undefined> {
    return this.#keys.get(id);
  }

  async touch(id: ApiKeyId, nowMs: number): Promise<void> {
    const key = this.#keys.get(id);
    if (key === undefined || key.revokedAtMs !== undefined) return;
    if (key.lastUsedAtMs !== undefined && nowMs < key.lastUsedAtMs + KEY_USE_WRITTEN_EVERY_MS) return;
    this.#keys.set(id, { ...key, lastUsedAtMs: nowMs });
  }

  async revoke(id: ApiKeyId, nowMs: number, audit?: readonly AuditRecord[]): Promise<'revoked' | 'not-live'> {
    const key = this.#keys.get(id);
    if (key === undefined || !isLiveKey(key, nowMs)) return 'not-live';
    this.#revoke(key, nowMs);
    this.#audit.add(audit);
    return 'revoked';
  }

  async revokeAllOf(userId: UserId, nowMs: number): Promise<readonly ApiKeyId[]> {
    const live = this.#live(userId, nowMs);
    for (const key of live) this.#revoke(key, nowMs);
    return live.map((key) => key.id);
  }

  async listLive(
    owner: KeyOwner,
    nowMs: number,
    page?: { readonly offset: number; readonly limit: number },
  ): Promise<readonly ApiKey[]> {
    const live = this.#live(owner, nowMs);
    return page === undefined ? live : live.slice(page.offset, page.offset + page.limit);
  }

  #live(owner: KeyOwner, nowMs: number): ApiKey[] {
    return [...this.#keys.values()]
      .filter((key) => owner === 'everybody' || (key.ownerId ?? 'agents') === owner)
      .filter((key) => isLiveKey(key, nowMs))
      .sort((left, right) => right.createdAtMs - left.createdAtMs || (left.id < right.id ? 1 : -1));
  }

  #revoke(key: ApiKey, nowMs: number): void {
    this.#keys.set(key.id, { ...key, revokedAtMs: nowMs });
    this.#revocations.append({ apiKeyId: key.id }, nowMs);
  }

  #forgetEnded(nowMs: number): void {
    for (const { id, revokedAtMs, expiresAtMs } of this.#keys.values()) {
      const endedAtMs = revokedAtMs ?? expiresAtMs;
      if (endedAtMs !== undefined && endedAtMs + ENDED_KEY_KEPT_MS <= nowMs) this.#keys.delete(id);
    }
  }
}
