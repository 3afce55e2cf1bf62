import type { LoginEnd, LoginEnds } from '../../../application/ports/identity/login-ends.ts';
import type { SessionStatus } from '../../../application/ports/identity/session-status.ts';
import type { ApiKeyId } from '../../../domain/identity/ids.ts';
import type { AgentPrincipal } from '../../../domain/identity/principal.ts';
import type { AgentSession } from './agent-session.ts';

/** Keys that are asked in one tick whether their time is over, so that many cost no more than this. */
const ASKED_A_TICK = 200;

/** A connection by a key. */
interface ByKey {
  readonly principal: AgentPrincipal;
  readonly session: Pick<AgentSession, 'close'>;
}

/** Closes the connections of keys that have ended: it is told of ends, and asks by turns, since a key's time ends without a word. */
export class AgentCredentials {
  readonly #sessions: SessionStatus;
  readonly #connections: () => Iterable<ByKey>;
  #nextAsked = 0;

  constructor(
    deps: { readonly sessions: SessionStatus; readonly loginEnds: LoginEnds },
    connections: () => Iterable<ByKey>,
  ) {
    this.#sessions = deps.sessions;
    this.#connections = connections;
    deps.loginEnds.subscribe((end) => this.#onEnd(end));
  }

  /** Looks whether a key is still good, and closes its connections when it is not. */
  check(principal: AgentPrincipal): void {
    void this.#check(principal);
  }

  /** Asks some of the keys that are in use, the next ones next time. */
  askSome(): void {
    const inUse = [...this.#inUse().values()];
    const from = this.#nextAsked < inUse.length ? this.#nextAsked : 0;
    this.#nextAsked = from + ASKED_A_TICK;
    for (const principal of inUse.slice(from, from + ASKED_A_TICK)) this.check(principal);
  }

  #onEnd(end: LoginEnd): void {
    if ('anybody' in end) {
      // Ends were missed: everybody has to come back and show his key anew.
      for (const { session } of [...this.#connections()]) session.close(1001, 'Come back');
      return;
    }
    const principal = 'apiKeyId' in end ? this.#inUse().get(end.apiKeyId) : undefined;
    if (principal !== undefined) this.check(principal);
  }

  /** A store that cannot be asked closes nothing: it is asked again. */
  async #check(principal: AgentPrincipal): Promise<void> {
    if (await this.#sessions.isLive(principal).catch(() => true)) return;
    for (const connection of [...this.#connections()]) {
      if (connection.principal.apiKeyId === principal.apiKeyId) {
        connection.session.close(4401, 'The key has been revoked');
      }
    }
  }

  #inUse(): Map<ApiKeyId, AgentPrincipal> {
    const inUse = new Map<ApiKeyId, AgentPrincipal>();
    for (const { principal } of this.#connections()) inUse.set(principal.apiKeyId, principal);
    return inUse;
  }
}
