import type { Duplex } from 'node:stream';
import type { SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';
import type { TokenBucket } from '../../../../domain/multiplexing/token-bucket.ts';
import type { Shown } from './authority.ts';
import type { CloseCode } from './codes.ts';
import type { ConnectionKeeper } from './connection-keeper.ts';
import type { FrameName, Handle } from './frame.ts';
import { HandleTable } from './handle-table.ts';
import type { MuxSession } from './mux-session.ts';
import type { KindStats } from './mux-stats.ts';
import type { ErrorPayload } from './server-payloads.ts';
import type { SessionHost } from './session-host.ts';
import { TurnPump } from './turn-pump.ts';

/** What a connection does for its sessions. */
interface Host {
  readonly name: string;
  readonly isClosed: boolean;
  answerError(payload: ErrorPayload, session: MuxSession): void;
  close(code: CloseCode, reason: string): void;
  closeSession(session: MuxSession, code: CloseCode, reason: string): void;
}

/**
 * What the sessions of a connection see of it, with all that only sessions and answers need. Made with the first of these:
 * a connection that is idle from the beginning keeps nothing for them.
 */
export class HostOfSessions implements SessionHost<MuxSession> {
  readonly pump: TurnPump;
  readonly table: HandleTable<MuxSession>;
  readonly #keeper: ConnectionKeeper<never>;
  readonly #host: Host;

  /** `batch`: whether what is sent may be in BATCHes. */
  constructor(keeper: ConnectionKeeper<never>, host: Host, socket: Duplex, batch: boolean) {
    const { ids, limits, pool, turnClock } = keeper;
    this.#keeper = keeper;
    this.#host = host;
    this.pump = new TurnPump({ socket, pool, clock: turnClock, batch }, host);
    this.table = new HandleTable(ids, limits.maxSessionsPerConnection);
    // What is answered too late, such as a first OPEN, finds a pump that writes nothing: nothing follows a close.
    if (host.isClosed) this.pump.stop();
  }

  get maxMessageBytes(): number {
    return this.#keeper.limits.maxMessageBytes;
  }

  nowMs(): number {
    return this.#keeper.turnClock.nowMs();
  }

  bucketOf(id: SubscriberId): TokenBucket {
    return this.#keeper.bucketOf(id);
  }

  statsOf(kind: string): KindStats {
    return this.#keeper.stats.ofKind(kind);
  }

  answer(handle: Handle, name: FrameName, payload: Uint8Array): void {
    this.pump.answer(handle, name, payload);
  }

  answerError(session: MuxSession, payload: ErrorPayload): void {
    this.#host.answerError(payload, session);
  }

  hasInbound(session: MuxSession): void {
    this.pump.addInbound(session);
  }

  borrows(session: MuxSession): void {
    this.pump.addBorrower(session);
  }

  hasOutbound(session: MuxSession): void {
    this.pump.addOutbound(session);
  }

  close(session: MuxSession, code: CloseCode, reason: string): void {
    this.#host.closeSession(session, code, reason);
  }

  confirm(session: MuxSession): Promise<'confirmed' | 'not-held'> {
    return this.#keeper.confirm(session, this.#host.name);
  }

  show(credential: string): Promise<Shown> {
    return this.#keeper.show(credential);
  }

  authorityChanged(session: MuxSession): void {
    this.#keeper.onAuthority(session);
  }
}
