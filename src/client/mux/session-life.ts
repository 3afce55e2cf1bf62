import { type Platform, sleep } from '../platform/platform.ts';
import { Backoff, STABLE_AFTER_MS } from './backoff.ts';
import { afterClose, type Closure } from './close-rules.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { CredentialReason, Credentials } from './credentials.ts';
import type { Attached } from './mux-connection.ts';
import { MuxError } from './mux-error.ts';

/** How often in a row a session shows another credential before its user is told that none is good. */
const MAX_CREDENTIALS = 3;

/** The session whose life it is. */
export interface Living extends Attached {
  /** What OPEN asks for now: a new session, or the one that is to be taken back. */
  asked(): Readonly<Record<string, unknown>>;
  /** Whether it was ever open. */
  readonly wasOpen: boolean;
  /** Resolves when it is on its connection no more. */
  closed(): Promise<Closure>;
  /** Resolves when its user sends something, or ends it. */
  needed(): Promise<void>;
  /** Resolves when the consumer has left room for what another connection may bring. */
  room(): Promise<void>;
}

/** What a life needs. */
export interface LifeParts {
  readonly platform: Platform;
  readonly pool: ConnectionPool;
  /** Who renews its authority; nobody where a cookie or a ticket opened the connection. */
  readonly credentials: Credentials | undefined;
  /** Whether that is the session's own provider, so that its OPENs always show a credential. */
  readonly hasOwnCredentials: boolean;
  readonly giveUpAfterMs: number;
  /** Aborted when the session is over. */
  readonly signal: AbortSignal;
}

/** Keeps a session on a connection, and brings it back to one by the rule of each close. */
export class SessionLife {
  readonly #parts: LifeParts;
  readonly #living: Living;
  readonly #backoff: Backoff;
  /** What the next OPEN shows. */
  #credential: string | undefined;
  #shown = 0;
  #isAsking = false;
  #putOff: MuxError | undefined;

  constructor(parts: LifeParts, living: Living) {
    this.#parts = parts;
    this.#living = living;
    this.#backoff = new Backoff(parts.platform);
  }

  /** Whether an OPEN is on its way. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** What the server has put the last OPEN off with; undefined when it has not answered one. */
  get putOff(): MuxError | undefined {
    return this.#putOff;
  }

  /** Lives until the session is over. Never resolves. @throws MuxError which says why it is. */
  async run(): Promise<never> {
    const { platform } = this.#parts;
    for (;;) {
      await this.#attach();
      const openedAtMs = platform.monotonicMs();
      const closure = await this.#living.closed();
      if (platform.monotonicMs() - openedAtMs >= STABLE_AFTER_MS) this.#backoff.reset();
      await this.#comeBack(closure);
    }
  }

  async #attach(): Promise<void> {
    const { platform, pool, signal, giveUpAfterMs } = this.#parts;
    const untilMs = platform.monotonicMs() + giveUpAfterMs;
    for (;;) {
      await this.#living.room();
      if (this.#parts.hasOwnCredentials && this.#credential === undefined) await this.#ask('connect');
      const credential = this.#credential;
      const shown = credential === undefined ? {} : { credential };
      try {
        this.#isAsking = true;
        await pool
          .open(() => ({ ...this.#living.asked(), ...shown }), this.#living, signal)
          .finally(() => {
            this.#isAsking = false;
          });
        this.#credential = undefined;
        this.#shown = 0;
        return;
      } catch (error) {
        if (platform.monotonicMs() >= untilMs) throw error;
        await this.#again(error as MuxError);
      }
    }
  }

  /** Waits until an OPEN that failed may be tried again. @throws MuxError when it may not. */
  async #again(error: MuxError): Promise<void> {
    const { signal, pool } = this.#parts;
    if (signal.aborted || pool.over !== undefined) throw pool.over ?? error;
    switch (error.code) {
      case 'lost':
        if (error.closeCode !== undefined) this.#requireReturn(error.closeCode);
        return;
      case 'unreachable':
        return;
      case 'credential.refused':
        return this.#pause(0);
      case 'rate.limited':
      case 'unavailable':
        this.#putOff = error;
        return this.#pause(error.retryAfterMs ?? 0);
      case 'limit.sessions':
        if (!this.#living.wasOpen) throw error;
        return this.#pause(0);
      case 'auth.invalid':
      case 'auth.expired':
        if (this.#shown >= MAX_CREDENTIALS) throw error;
        return this.#ask(error.code === 'auth.expired' ? 'expired' : 'refused', error);
      default:
        throw error;
    }
  }

  /** Does what a close asks for before the session may be taken back. @throws MuxError when it stays away. */
  async #comeBack(closure: Closure): Promise<void> {
    const { code, reason, of, retryAfterMs } = closure;
    const closed = new MuxError('closed', reason === '' ? `Closed with ${code}` : reason, {
      closeCode: code,
    });
    switch (afterClose(closure)) {
      case 'stay':
        throw closed;
      case 'come-back-when-needed':
        return this.#living.needed();
      case 'renew':
        return this.#ask('expired', closed);
      case 'new-credential':
        // The pool finds another one for the connection; a session's own may be the one that has been ended.
        return of === 'socket' && !this.#parts.hasOwnCredentials ? undefined : this.#ask('ended', closed);
      case 'come-back-after-retry':
        return this.#pause(retryAfterMs ?? 0);
      default:
        // After a lost socket the pool makes the pause, once for all who were on it.
        return of === 'socket' ? undefined : this.#pause(0);
    }
  }

  /** A socket was closed before it answered. @throws MuxError when nobody comes back from that. */
  #requireReturn(closeCode: number): void {
    if (afterClose({ code: closeCode, of: 'socket' }) !== 'stay') return;
    throw new MuxError('closed', `Closed with ${closeCode}`, { closeCode });
  }

  #pause(leastMs: number): Promise<void> {
    const { platform, signal } = this.#parts;
    return sleep(platform, Math.max(leastMs, this.#backoff.next()), signal);
  }

  async #ask(reason: CredentialReason, why?: MuxError): Promise<void> {
    const { credentials } = this.#parts;
    if (credentials === undefined) throw why ?? new MuxError('credential.refused', 'There is no credential');
    try {
      this.#credential = await credentials.get(reason);
      if (reason !== 'connect') this.#shown += 1;
    } catch (error) {
      if (reason === 'ended') throw error;
      await this.#pause(0);
    }
  }
}
