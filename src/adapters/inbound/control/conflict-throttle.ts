import type { AttemptCounter } from '../../../application/ports/identity/attempt-counters.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import type { AgentPrincipal } from '../../../domain/identity/principal.ts';

/** So many conflicts of one key from one network within so long, in milliseconds, and the next connection waits. */
export const CONFLICTS = { limit: 3, windowMs: 60_000 } as const;

interface Deps {
  readonly conflicts: AttemptCounter;
  /** Whether the agent of a key is at work, here or on another node. */
  readonly isAtWork: (principal: AgentPrincipal) => Promise<boolean>;
}

/**
 * Keeps clients that ask for another's session out for a while: one that is let in and then closed may come back at
 * once, again and again. A key whose agent is at work is never kept out, whatever others do with it.
 */
export class ConflictThrottle {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Counts one. Never rejects: what cannot be counted keeps nobody out. */
  async count(principal: AgentPrincipal, network: string): Promise<void> {
    await this.#deps.conflicts.count(keyOf(principal, network)).catch(() => undefined);
  }

  /** @throws DomainError `connection.throttled`; PortError when nobody can say. */
  async require(principal: AgentPrincipal, network: string): Promise<void> {
    const { conflicts, isAtWork } = this.#deps;
    const seen = await conflicts.look(keyOf(principal, network));
    if (seen === undefined || seen.count < CONFLICTS.limit || (await isAtWork(principal))) return;
    throw new DomainError('connection.throttled', "Too many attempts at sessions of others'", {
      retryAfterMs: seen.endsInMs,
    });
  }
}

const keyOf = ({ apiKeyId }: AgentPrincipal, network: string): string => `${apiKeyId} ${network}`;
