import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LoginEnd, LoginEnds } from '../../../application/ports/identity/login-ends.ts';
import type { SessionStatus } from '../../../application/ports/identity/session-status.ts';
import type { ApiKeyId } from '../../../domain/identity/ids.ts';
import type { AgentPrincipal } from '../../../domain/identity/principal.ts';
import type { AgentSession } from './agent-session.ts';

/** Keys that are asked together whether they are still good, so that many hold up nothing else. */
const ASKED_TOGETHER = 200;

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
    this.#nextAsked = from + ASKED_TOGETHER;
    for (const principal of inUse.slice(from, from + ASKED_TOGETHER)) this.check(principal);
  }

  #onEnd(end: LoginEnd): void {
    if ('anybody' in end) {
      // Ends were missed: everybody has to come back and show his key anew.
      for (const { session } of [...this.#connections()]) session.close(1001, 'Come back');
      return;
    }
    // An agent is nobody's here: with a closed account any of the keys may have ended.
    if ('userId' in end && end.closed) void this.#checkAll();
    const principal = 'apiKeyId' in end ? this.#inUse().get(end.apiKeyId) : undefined;
    if (principal !== undefined) this.check(principal);
  }

  async #checkAll(): Promise<void> {
    const inUse = [...this.#inUse().values()];
    for (let from = 0; from < inUse.length; from += ASKED_TOGETHER) {
      await Promise.all(inUse.slice(from, from + ASKED_TOGETHER).map((principal) => this.#check(principal)));
      await nextTurn();
    }
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
