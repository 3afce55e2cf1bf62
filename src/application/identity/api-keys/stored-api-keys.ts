import { DomainError } from '../../../domain/domain-error.ts';
import {
  type ApiKey,
  isLiveKey,
  KEY_USE_WRITTEN_EVERY_MS,
  principalOfKey,
} from '../../../domain/identity/api-key.ts';
import type { ApiKeyText } from '../../../domain/identity/api-key-text.ts';
import type { AgentPrincipal, KeyPrincipal } from '../../../domain/identity/principal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Digest } from '../../ports/digest.ts';
import type { ApiKeyRepository } from '../../ports/identity/api-key-repository.ts';
import type { ApiKeyVerifier } from '../../ports/identity/api-key-verifier.ts';
import type { UserRepository } from '../../ports/identity/user-repository.ts';

interface Deps {
  readonly apiKeys: ApiKeyRepository;
  readonly users: UserRepository;
  readonly digest: Digest;
  readonly clock: Clock;
}

/** Verifies API keys in the process that keeps them. */
export class StoredApiKeys implements ApiKeyVerifier {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async verify(key: ApiKeyText): Promise<KeyPrincipal | AgentPrincipal> {
    const { apiKeys, users, digest, clock } = this.#deps;
    const found = await apiKeys.find(key.id);
    if (found === undefined || !digest.matches(key.text, found.sha256)) {
      throw new DomainError('credential.invalid', 'The API key is not valid');
    }
    const nowMs = clock.nowMs();
    const owner = found.ownerId === undefined ? undefined : await users.find(found.ownerId);
    const principal = isLiveKey(found, nowMs) ? principalOfKey(found, owner) : undefined;
    if (principal === undefined) throw new DomainError('credential.expired', 'This API key has ended');
    await this.#noteUse(found, nowMs);
    return principal;
  }

  /** A store that cannot be written, such as one on a full disk, still says who asks. */
  async #noteUse(key: ApiKey, nowMs: number): Promise<void> {
    if (key.lastUsedAtMs !== undefined && nowMs < key.lastUsedAtMs + KEY_USE_WRITTEN_EVERY_MS) return;
    await this.#deps.apiKeys.touch(key.id, nowMs).catch(() => undefined);
  }
}
