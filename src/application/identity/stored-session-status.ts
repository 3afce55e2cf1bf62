import { isLiveKey } from '../../domain/identity/api-key.ts';
import type { AgentPrincipal, EndingPrincipal, KeyPrincipal } from '../../domain/identity/principal.ts';
import type { Clock } from '../ports/clock.ts';
import type { ApiKeyRepository } from '../ports/identity/api-key-repository.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { SessionStatus } from '../ports/identity/session-status.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';

interface Deps {
  readonly sessions: LoginSessionRepository;
  readonly apiKeys: ApiKeyRepository;
  readonly users: UserRepository;
  readonly clock: Clock;
}

/** The status of logins and API keys in the process that keeps them. */
export class StoredSessionStatus implements SessionStatus {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * The account is asked too: a token that was issued while an admin disabled the user or changed his role, and
   * so escaped the end of the logins, must not outlive it.
   */
  async isLive(principal: EndingPrincipal): Promise<boolean> {
    const { sessions, users, clock } = this.#deps;
    const live =
      principal.kind === 'user'
        ? await sessions.isLive(principal.loginSessionId, clock.nowMs())
        : await this.#isLiveKey(principal);
    if (!live || principal.kind === 'agent') return live;
    const user = await users.find(principal.userId);
    return user !== undefined && user.disabledAtMs === undefined && user.role === principal.role;
  }

  async #isLiveKey({ apiKeyId }: KeyPrincipal | AgentPrincipal): Promise<boolean> {
    const key = await this.#deps.apiKeys.find(apiKeyId);
    return key !== undefined && isLiveKey(key, this.#deps.clock.nowMs());
  }
}
