import type { LoginEnd, LoginEnds } from '../../../../application/ports/identity/login-ends.ts';
import type { LongUse } from '../../../../application/ports/identity/long-use.ts';
import type { SessionStatus } from '../../../../application/ports/identity/session-status.ts';
import type { EndingPrincipal } from '../../../../domain/identity/principal.ts';
import type { MuxConnection } from './mux-connection.ts';

/** Logins and keys that are asked in one tick whether their time is over, so that many cost no more than this. */
const ASKED_A_TICK = 200;

/**
 * Closes what a credential that has ended holds open: its sessions, wherever they are, and the connections that it
 * opened. It is told of ends, and asks by turns, since a login's or key's own end comes without a word of it.
 */
export class LiveCredentials {
  readonly #sessions: SessionStatus;
  readonly #use: LongUse;
  readonly #connections: () => Iterable<MuxConnection>;
  #nextAsked = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    deps: { readonly sessions: SessionStatus; readonly loginEnds: LoginEnds; readonly use: LongUse },
    connections: () => Iterable<MuxConnection>,
  ) {
    this.#sessions = deps.sessions;
    this.#use = deps.use;
    this.#connections = connections;
    deps.loginEnds.subscribe((end) => this.#onEnd(end));
  }

  /** Looks whether a credential is still good, and closes what it holds open when it is not. */
  check(principal: EndingPrincipal): void {
    void this.#check(principal);
  }

  /** Asks some of those that are in use, the next ones next time. */
  askSome(): void {
    const inUse = [...this.#inUse().values()];
    const from = this.#nextAsked < inUse.length ? this.#nextAsked : 0;
    this.#nextAsked = from + ASKED_A_TICK;
    for (const principal of inUse.slice(from, from + ASKED_A_TICK)) this.check(principal);
  }

  /** Whoever is connected by a cookie is not idle: told now and then. */
  tellUses(nowMs: number): void {
    if (nowMs - this.#toldAtMs < this.#use.intervalMs) return;
    this.#toldAtMs = nowMs;
    for (const principal of this.#inUse().values()) {
      if (principal.kind !== 'user' || !principal.byCookie) continue;
      void this.#use.tell(principal.loginSessionId).then((live) => {
        if (!live) this.check(principal);
      });
    }
  }

  #onEnd(end: LoginEnd): void {
    if ('anybody' in end) {
      // Ends were missed: everybody has to come back and show his credential anew.
      for (const connection of [...this.#connections()]) connection.close(1001, 'Come back');
      return;
    }
    for (const principal of this.#inUse().values()) if (isNamed(principal, end)) this.check(principal);
  }

  /** A store that cannot be asked closes nothing: it is asked again. */
  async #check(principal: EndingPrincipal): Promise<void> {
    if (await this.#sessions.isLive(principal).catch(() => true)) return;
    const ended = credentialOf(principal);
    for (const connection of [...this.#connections()]) {
      if (credentialOf(connection.authority.principal) === ended) {
        connection.close(4401, 'The credential has been ended');
        continue;
      }
      for (const session of [...connection.sessions()]) {
        if (credentialOf(session.authority.principal) === ended) {
          connection.closeSession(session, 4401, 'The credential has been ended');
        }
      }
    }
  }

  #inUse(): Map<string, EndingPrincipal> {
    const inUse = new Map<string, EndingPrincipal>();
    for (const connection of this.#connections()) {
      const { principal } = connection.authority;
      inUse.set(credentialOf(principal), principal);
      for (const session of connection.sessions()) {
        inUse.set(credentialOf(session.authority.principal), session.authority.principal);
      }
    }
    return inUse;
  }
}

/** The login session or the key that somebody comes by; the forms of their ids differ. */
const credentialOf = (principal: EndingPrincipal): string =>
  principal.kind === 'user' ? `${principal.loginSessionId} ${principal.role}` : principal.apiKeyId;

function isNamed(principal: EndingPrincipal, end: Exclude<LoginEnd, { readonly anybody: true }>): boolean {
  if ('userId' in end) return principal.kind !== 'agent' && principal.userId === end.userId;
  if ('apiKeyId' in end) return principal.kind !== 'user' && principal.apiKeyId === end.apiKeyId;
  return principal.kind === 'user' && principal.loginSessionId === end.loginSessionId;
}
