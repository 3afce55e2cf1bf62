import { type Platform, sleep } from '../platform/platform.ts';
import { Backoff, STABLE_AFTER_MS } from './backoff.ts';
import { afterClose, type Closure } from './close-rules.ts';
import type { CredentialReason, Credentials } from './credentials.ts';
import type { Entrance } from './entrance.ts';
import { type Attached, MuxConnection } from './mux-connection.ts';
import { MuxError } from './mux-error.ts';
import { SPREAD_AFTER_SESSIONS } from './mux-options.ts';
import type { Renewals } from './renewals.ts';

/** How long a connection without sessions is kept, in milliseconds. */
export const LINGER_MS = 10_000;
/** How long a connection that is full by the server's word is asked for nothing more, in milliseconds. */
const FULL_FOR_MS = 5_000;
/** How long to stay away after a drain that did not say for how long, at most, in milliseconds. */
const AFTER_DRAIN_MS = 2_000;

/** What a pool works with. */
export interface PoolParts {
  readonly platform: Platform;
  readonly entrance: Entrance;
  readonly credentials: Credentials | undefined;
  readonly renewals: Renewals;
  readonly maxConnections: number;
}

/** One of the pool's connections, from before it is open. */
interface Slot {
  readonly ready: Promise<MuxConnection>;
  connection: MuxConnection | undefined;
  /** Sessions that wait for it to open. */
  waiting: number;
  /** Whether the server is about to drain it. */
  isLeaving: boolean;
  /** Until when it is taken by the server's word to have as many sessions as it may have, in monotonic milliseconds. */
  fullUntilMs: number;
  /** Calls off that it is closed because nobody uses it. */
  stay: () => void;
  /** Whether it is closed because nobody used it. */
  isUnused: boolean;
}

const loadOf = ({ connection, waiting }: Slot): number => (connection?.load ?? 0) + waiting;

/** The connections of one client to one address: each session goes to the one with the fewest. */
export class ConnectionPool {
  readonly #parts: PoolParts;
  readonly #backoff: Backoff;
  readonly #slots = new Set<Slot>();
  readonly #closing = new AbortController();
  /** No connection is opened before this, in monotonic milliseconds. */
  #gateMs = 0;
  #reason: CredentialReason = 'connect';
  /** Why no connection is opened any more. */
  #over: MuxError | undefined;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.platform);
  }

  /** Why no connection is opened any more; undefined while there may be one. */
  get over(): MuxError | undefined {
    return this.#over;
  }

  /** How many connections are open or being opened. */
  get size(): number {
    return this.#slots.size;
  }

  /**
   * Opens a session on the connection with the fewest.
   *
   * @throws MuxError by the server's answer; `unreachable` or `lost` when it may be tried again at once: the pause is
   *   kept here; whatever ended the pool.
   */
  async open(
    asked: () => Readonly<Record<string, unknown>>,
    sink: Attached,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const slot = await this.#reserve(signal);
      let connection: MuxConnection;
      try {
        connection = await slot.ready;
      } finally {
        slot.waiting -= 1;
      }
      try {
        if (signal.aborted) throw new MuxError('gone', 'The session has been closed');
        return await connection.open(asked(), sink);
      } catch (error) {
        this.#lingerWhereUnused(slot);
        const isFull = error instanceof MuxError && error.code === 'limit.sessions';
        if (isFull) slot.fullUntilMs = this.#parts.platform.monotonicMs() + FULL_FOR_MS;
        // Others may take it, or one more connection.
        if (!isFull || this.#areAllFull) throw error;
      }
    }
  }

  /** A session has gone from its connection: one that has none left is closed after a while, and a full one has room. */
  released(connection: MuxConnection): void {
    const slot = [...this.#slots].find((one) => one.connection === connection);
    if (slot === undefined || connection.isClosed) return;
    slot.fullUntilMs = 0;
    this.#lingerWhereUnused(slot);
  }

  #lingerWhereUnused(slot: Slot): void {
    slot.stay();
    if (loadOf(slot) > 0 || slot.connection?.isClosed !== false) return;
    slot.stay = this.#parts.platform.after(LINGER_MS, () => {
      if (loadOf(slot) > 0) return;
      slot.isUnused = true;
      slot.connection?.close(1000);
    });
  }

  /** Closes every connection; nothing is opened any more. */
  close(code: number): void {
    this.#over ??= new MuxError('gone', 'The client has been closed');
    this.#closing.abort();
    for (const { connection } of this.#slots) connection?.close(code);
  }

  /** Takes a place on the connection with the fewest, or on one that is being opened. */
  async #reserve(signal: AbortSignal): Promise<Slot> {
    for (;;) {
      const slot = this.#choose(signal);
      if (slot !== undefined) {
        slot.waiting += 1;
        return slot;
      }
      const waitMs = this.#gateMs - this.#parts.platform.monotonicMs();
      const isCrowded = this.#slots.size >= this.#parts.maxConnections;
      // No connection takes any: one of them is about to be closed, or gets room.
      const either = AbortSignal.any([signal, this.#closing.signal]);
      await sleep(this.#parts.platform, Math.max(waitMs, isCrowded ? AFTER_DRAIN_MS : 0), either);
    }
  }

  #choose(signal: AbortSignal): Slot | undefined {
    if (this.#over !== undefined) throw this.#over;
    if (signal.aborted) throw new MuxError('gone', 'The session has been closed');
    if (this.#areAllFull)
      throw new MuxError('limit.sessions', 'Every connection has as many sessions as it may have');
    const [least] = this.#taking().sort((one, other) => loadOf(one) - loadOf(other));
    const mayOpen = this.#slots.size < this.#parts.maxConnections;
    if (least !== undefined && (loadOf(least) < SPREAD_AFTER_SESSIONS || !mayOpen)) return least;
    const isOpen = this.#parts.platform.monotonicMs() >= this.#gateMs;
    return isOpen && mayOpen ? this.#opening() : undefined;
  }

  /** The connections that take sessions. */
  #taking(): Slot[] {
    return [...this.#slots].filter((slot) => !slot.isLeaving && !this.#isFull(slot));
  }

  #isFull({ fullUntilMs }: Slot): boolean {
    return this.#parts.platform.monotonicMs() < fullUntilMs;
  }

  /** Whether there are as many connections as there may be, and none takes one more session. */
  get #areAllFull(): boolean {
    return (
      this.#slots.size >= this.#parts.maxConnections && [...this.#slots].every((slot) => this.#isFull(slot))
    );
  }

  #opening(): Slot {
    const ready = this.#connect(() => slot);
    const stay = (): void => undefined;
    const slot: Slot = {
      ready,
      connection: undefined,
      waiting: 0,
      isLeaving: false,
      fullUntilMs: 0,
      stay,
      isUnused: false,
    };
    // Who waits for it is told; that nobody waits is no mistake.
    slot.ready.catch(() => undefined);
    this.#slots.add(slot);
    return slot;
  }

  async #connect(slotOf: () => Slot): Promise<MuxConnection> {
    // Whoever asks for the slot gets it before anything can go wrong with it.
    await Promise.resolve();
    const slot = slotOf();
    const { platform, entrance, credentials, renewals } = this.#parts;
    const reason = this.#reason;
    try {
      const credential = await credentials?.get(reason);
      const socket = await entrance.open(credential);
      this.#reason = 'connect';
      const openedAtMs = platform.monotonicMs();
      const connection = new MuxConnection(socket, platform, {
        onGoAway: (reconnectAfterMs) => {
          slot.isLeaving = true;
          this.#shutUntil(reconnectAfterMs);
        },
        onExpiry: (expiresAt) => renewals.set(connection, expiresAt),
        onRefusedAuth: () => renewals.refused(connection),
        onClosed: (closure) => {
          this.#slots.delete(slot);
          slot.stay();
          renewals.forget(connection);
          if (platform.monotonicMs() - openedAtMs >= STABLE_AFTER_MS) this.#backoff.reset();
          // That it was not needed is no reason to stay away.
          if (!slot.isUnused) this.#afterClose(closure);
        },
      });
      slot.connection = connection;
      if (this.#over !== undefined) connection.close(1000);
      else renewals.watch(connection, (shown) => connection.renew(shown), credentials);
      return connection;
    } catch (error) {
      this.#slots.delete(slot);
      this.#failed(reason, error);
      throw error instanceof MuxError
        ? error
        : new MuxError('unreachable', 'There is no connection', { cause: error });
    }
  }

  #failed(reason: CredentialReason, error: unknown): void {
    const { code, retryAfterMs } = error instanceof MuxError ? error : {};
    if (reason === 'ended' && code === 'credential.refused') this.#over = error as MuxError;
    // A browser does not say whether it was the credential that was refused.
    if (reason === 'connect') this.#reason = 'refused';
    this.#shutUntil(Math.max(retryAfterMs ?? 0, this.#backoff.next()));
  }

  #afterClose(closure: Closure): void {
    const what = afterClose(closure);
    if (what === 'new-credential' || what === 'renew') this.#reason = what === 'renew' ? 'expired' : 'ended';
    if (what === 'new-credential' && this.#parts.credentials === undefined) {
      this.#over ??= new MuxError('closed', 'The login has been ended', { closeCode: closure.code });
    }
    if (what === 'come-back-after-reconnect') {
      const isTold = this.#gateMs > this.#parts.platform.monotonicMs();
      if (!isTold) this.#shutUntil(this.#parts.platform.fraction() * AFTER_DRAIN_MS);
    } else this.#shutUntil(Math.max(closure.retryAfterMs ?? 0, this.#backoff.next()));
  }

  #shutUntil(inMs: number): void {
    this.#gateMs = Math.max(this.#gateMs, this.#parts.platform.monotonicMs() + inMs);
  }
}
