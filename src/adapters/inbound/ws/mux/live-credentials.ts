import type { Clock } from '../../../../application/ports/clock.ts';
import type { LoginEnd, LoginEnds } from '../../../../application/ports/identity/login-ends.ts';
import type { LongUse } from '../../../../application/ports/identity/long-use.ts';
import type { SessionStatus } from '../../../../application/ports/identity/session-status.ts';
import { type EndingPrincipal, hasExpired } from '../../../../domain/identity/principal.ts';
import type { Authority } from './authority.ts';
import { CredentialsInUse, type InUse } from './credentials-in-use.ts';

/** Logins and keys that are asked in one tick whether their time is over, so that many cost no more than this. */
const ASKED_A_TICK = 200;

/** What a credential holds open: a session, or a connection. */
interface Held {
  readonly authority: Authority;
  /** Where it stands among what is open by the same credential: kept for whoever watches over that. */
  inUse: InUse<unknown> | undefined;
}

/** Who closes what has to be closed. */
export interface Closing<Holder> {
  /** The credential of these has been ended. */
  onEnded(holders: readonly Holder[]): void;
  /** Ends were missed: everybody has to come back and show his credential anew. */
  onMissed(): void;
}

/**
 * Closes what a credential that has ended holds open: its sessions, wherever they are, and the connections that it
 * opened. It is told of ends, and asks by turns, since a login's own end comes without a word of it. A key that has expired
 * has not been ended: it closes the sessions that are open by it, when their time is over, and nothing else.
 */
export class LiveCredentials<Holder extends Held> {
  readonly #sessions: SessionStatus;
  readonly #use: LongUse;
  readonly #clock: Clock;
  readonly #inUse = new CredentialsInUse<Holder>();
  readonly #closing: Closing<Holder>;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    deps: {
      readonly sessions: SessionStatus;
      readonly loginEnds: LoginEnds;
      readonly use: LongUse;
      readonly clock: Clock;
    },
    closing: Closing<Holder>,
  ) {
    this.#closing = closing;
    this.#sessions = deps.sessions;
    this.#use = deps.use;
    this.#clock = deps.clock;
    deps.loginEnds.subscribe((end) => this.#onEnd(end));
  }

  /** Something is open by its credential, or by another one than before: looks whether that is still good. */
  hold(held: Holder): void {
    const { principal } = held.authority;
    held.inUse = this.#inUse.hold(held, principal, held.inUse as InUse<Holder> | undefined);
    void this.#check(principal);
  }

  /** Something is closed. Idempotent. */
  release(held: Holder): void {
    if (held.inUse !== undefined) this.#inUse.release(held, held.inUse as InUse<Holder>);
    held.inUse = undefined;
  }

  /** Asks some of those that are in use, the next ones next time. */
  askSome(): void {
    for (const { principal } of this.#inUse.next(ASKED_A_TICK)) void this.#check(principal);
  }

  /** Whoever is connected by a cookie is not idle: told now and then. */
  tellUses(nowMs: number): void {
    if (nowMs - this.#toldAtMs < this.#use.intervalMs) return;
    this.#toldAtMs = nowMs;
    for (const { principal } of this.#inUse.all()) {
      if (principal.kind !== 'user' || !principal.byCookie) continue;
      void this.#use.tell(principal.loginSessionId).then((live) => {
        if (!live) void this.#check(principal);
      });
    }
  }

  #onEnd(end: LoginEnd): void {
    if ('anybody' in end) {
      this.#closing.onMissed();
      return;
    }
    for (const { principal } of [...this.#inUse.all()]) {
      if (isNamed(principal, end)) void this.#check(principal, 'told');
    }
  }

  /** A store that cannot be asked closes nothing: it is asked again. */
  async #check(principal: EndingPrincipal, why: 'told' | 'asks' = 'asks'): Promise<void> {
    if (await this.#sessions.isLive(principal).catch(() => true)) return;
    if (why === 'asks' && hasExpired(principal, this.#clock.nowMs())) return;
    this.#closing.onEnded(this.#inUse.holdersOf(principal));
  }
}

function isNamed(principal: EndingPrincipal, end: Exclude<LoginEnd, { readonly anybody: true }>): boolean {
  // An agent is nobody's here: its key may have ended with a closed account.
  if ('userId' in end)
    return principal.kind === 'agent' ? end.closed === true : principal.userId === end.userId;
  if ('apiKeyId' in end) return principal.kind !== 'user' && principal.apiKeyId === end.apiKeyId;
  return principal.kind === 'user' && principal.loginSessionId === end.loginSessionId;
}
