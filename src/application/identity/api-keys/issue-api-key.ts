import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import {
  type ApiKey,
  type ApiKeyDraft,
  isControl,
  MAX_CONTROL_KEYS,
  MAX_KEYS_PER_USER,
  requireMintable,
} from '../../../domain/identity/api-key.ts';
import { API_KEY_SECRET_BITS, apiKeyIdFrom, apiKeyText } from '../../../domain/identity/api-key-text.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import type { User } from '../../../domain/identity/user.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Digest } from '../../ports/digest.ts';
import type { IdSource } from '../../ports/id-source.ts';
import type { ApiKeyRepository } from '../../ports/identity/api-key-repository.ts';
import type { UserRepository } from '../../ports/identity/user-repository.ts';

interface Deps {
  readonly apiKeys: ApiKeyRepository;
  readonly users: UserRepository;
  readonly ids: IdSource;
  readonly digest: Digest;
  readonly clock: Clock;
}

/** A key that was made. The key itself is shown here and never again. */
export interface IssuedApiKey {
  readonly apiKey: ApiKey;
  /** What goes into `Authorization: Bearer`. A secret. */
  readonly key: string;
}

/** Makes an API key for somebody whose right to it has been shown: by his password, or by the data folder. */
export class IssueApiKey {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * A control key is nobody's; any other is `maker`'s. Once it is stored the maker is looked at again: whoever was
   * disabled, demoted or given another password meanwhile has made none.
   *
   * @throws DomainError `request.invalid`, `permission.denied`, `api_key.limit_reached`, `credential.expired`.
   */
  async execute(command: {
    /** Undefined for the operator, who makes control keys for himself. */
    readonly maker: User | undefined;
    readonly draft: ApiKeyDraft;
    readonly actor: UserId | 'system';
    readonly requestId?: string;
  }): Promise<IssuedApiKey> {
    const { apiKeys, ids, digest, clock } = this.#deps;
    const { maker, draft, actor, requestId } = command;
    const nowMs = clock.nowMs();
    requireMintable(draft, maker?.role ?? 'admin', nowMs);
    const control = isControl(draft);
    if (maker === undefined && !control) {
      throw new DomainError('request.invalid', 'Only a control key belongs to nobody');
    }
    const id = apiKeyIdFrom(ids.uuid());
    const key = apiKeyText(id, ids.secret(API_KEY_SECRET_BITS));
    const apiKey: ApiKey = {
      ...draft,
      id,
      sha256: digest.sha256Hex(key),
      createdAtMs: nowMs,
      ...(maker === undefined || control ? {} : { ownerId: maker.id }),
    };
    const record: AuditRecord = {
      act: 'api_key.minted',
      outcome: 'done',
      actor,
      object: id,
      facts: {
        scopes: draft.scopes.join(' '),
        ...(maker === undefined || control ? {} : { owner: maker.id }),
      },
      ...(requestId === undefined ? {} : { requestId }),
    };
    const atMost = control ? MAX_CONTROL_KEYS : MAX_KEYS_PER_USER;
    if ((await apiKeys.add(apiKey, atMost, [record])) === 'limit-reached') {
      throw new DomainError('api_key.limit_reached', 'There are too many API keys: revoke one first');
    }
    await this.#confirm(apiKey, maker, {
      ...record,
      act: 'api_key.revoked',
      facts: { reason: 'changed-meanwhile' },
    });
    return { apiKey, key };
  }

  async #confirm(apiKey: ApiKey, maker: User | undefined, revoked: AuditRecord): Promise<void> {
    if (maker === undefined) return;
    const { apiKeys, users, clock } = this.#deps;
    const current = await users.find(maker.id);
    const stands =
      current !== undefined &&
      current.disabledAtMs === undefined &&
      current.role === maker.role &&
      current.passwordHash === maker.passwordHash;
    if (stands) return;
    await apiKeys.revoke(apiKey.id, clock.nowMs(), [revoked]);
    throw new DomainError('credential.expired', 'This login has ended');
  }
}
