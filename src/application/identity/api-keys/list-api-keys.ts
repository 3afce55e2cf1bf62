import type { ApiKey } from '../../../domain/identity/api-key.ts';
import type { UserId } from '../../../domain/identity/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ApiKeyRepository, KeyOwner } from '../../ports/identity/api-key-repository.ts';

/** Lists live API keys; never a key itself. */
export class ListApiKeys {
  readonly #deps: { readonly apiKeys: ApiKeyRepository; readonly clock: Clock };

  constructor(deps: { readonly apiKeys: ApiKeyRepository; readonly clock: Clock }) {
    this.#deps = deps;
  }

  /** A user's own keys, and those of agents `withControl`; newest first, at most what the limits let be made. */
  async execute(command: {
    readonly ownerId?: UserId;
    readonly withControl: boolean;
  }): Promise<readonly ApiKey[]> {
    const { apiKeys, clock } = this.#deps;
    const nowMs = clock.nowMs();
    const own = command.ownerId === undefined ? [] : await apiKeys.listLive(command.ownerId, nowMs);
    const control = command.withControl ? await apiKeys.listLive('agents', nowMs) : [];
    return [...own, ...control].sort((left, right) => right.createdAtMs - left.createdAtMs);
  }

  /** A page of an owner's, for the operator. */
  async page(command: {
    readonly owner: KeyOwner;
    readonly offset: number;
    readonly limit: number;
  }): Promise<readonly ApiKey[]> {
    const { owner, ...page } = command;
    return this.#deps.apiKeys.listLive(owner, this.#deps.clock.nowMs(), page);
  }
}
