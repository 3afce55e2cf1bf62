import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import { type ApiKey, isControl } from '../../../domain/identity/api-key.ts';
import type { ApiKeyId, UserId } from '../../../domain/identity/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ApiKeyRepository } from '../../ports/identity/api-key-repository.ts';

interface Deps {
  readonly apiKeys: ApiKeyRepository;
  readonly clock: Clock;
}

/** Who revokes: a person his own keys, an admin those of agents too, the operator any. */
export type KeyRevoker = { readonly userId: UserId; readonly managesControl: boolean } | 'system';

/** Ends an API key, and whatever is open by it. */
export class RevokeApiKey {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DomainError `api_key.not_found`, also when it is somebody else's or has ended. */
  async execute(command: {
    readonly id: ApiKeyId;
    readonly by: KeyRevoker;
    readonly requestId?: string;
  }): Promise<void> {
    const { apiKeys, clock } = this.#deps;
    const { id, by, requestId } = command;
    const key = await apiKeys.find(id);
    if (key === undefined || !mayRevoke(by, key)) throw notFound();
    const record: AuditRecord = {
      act: 'api_key.revoked',
      outcome: 'done',
      actor: by === 'system' ? by : by.userId,
      object: id,
      ...(requestId === undefined ? {} : { requestId }),
    };
    if ((await apiKeys.revoke(id, clock.nowMs(), [record])) === 'not-live') throw notFound();
  }
}

const mayRevoke = (by: KeyRevoker, key: ApiKey): boolean =>
  by === 'system' || (isControl(key) ? by.managesControl : key.ownerId === by.userId);

const notFound = (): DomainError => new DomainError('api_key.not_found', 'There is no such API key');
