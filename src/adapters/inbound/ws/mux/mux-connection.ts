import type { Duplex } from 'node:stream';
import { ownerOf, type SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import { TokenBucket } from '../../../../domain/multiplexing/token-bucket.ts';
import { AuthLine } from './auth-line.ts';
import { Authority } from './authority.ts';
import { type Read, type Refused, readClose, readPing } from './client-payloads.ts';
import type { CloseCode } from './codes.ts';
import type { ConnectionKeeper, ConnectionParts, Gone } from './connection-keeper.ts';
import type { InUse } from './credentials-in-use.ts';
import { CONNECTION, type Frame, ownBytes } from './frame.ts';
import { HostOfSessions } from './host-of-sessions.ts';
import { FAREWELL_MS, MAX_REFUSALS_IN_A_ROW, UNKNOWN_HANDLES } from './mux-limits.ts';
import { MuxRefusal } from './mux-refusal.ts';
import type { MuxSession } from './mux-session.ts';
import type { Breach, ClientSocket, SocketListener } from './mux-socket.ts';
import { takeOpen } from './open-desk.ts';
import type { OpeningPlace } from './open-sessions.ts';
import { type FrameTaker, type MessageRules, OF_CLIENT, readMessage } from './read-message.ts';
import { renewAuthority } from './renew-authority.ts';
import { type ErrorPayload, fittingReason, jsonPayload, type OpenedPayload } from './server-payloads.ts';

const NO_ROUNDS = { in: 0, out: 0 };

/** One socket and the sessions on it. */
export class MuxConnection implements OpeningPlace, SocketListener, FrameTaker {
  readonly name: string;
  readonly requestId: string;
  readonly network: string;
  /** When it came, in unix milliseconds. */
  readonly sinceMs: number;
  authority: Authority;
  readonly owner: SubscriberOwner;
  readonly #keeper: ConnectionKeeper<MuxConnection>;
  readonly #socket: ClientSocket;
  readonly #stream: Duplex;
  readonly #rules: MessageRules;
  /** These are made when they are needed first. */
  #host: HostOfSessions | undefined;
  #bucket: TokenBucket | undefined;
  #unknown: TokenBucket | undefined;
  #auths: AuthLine | undefined;
  #refusals = 0;
  #isClosed = false;
  inUse: InUse<unknown> | undefined;
  /** OPENs that have come and are not answered. */
  opening = 0;
  /** Since when the client takes nothing of what waits for it, in unix milliseconds. */
  heldUpSinceMs: number | undefined;
  /** When the client answered a ping last, or came, in unix milliseconds. */
  heardAtMs: number;
  /** When it was pinged last, in unix milliseconds. */
  pingedAtMs: number;

  constructor(keeper: ConnectionKeeper<MuxConnection>, parts: ConnectionParts) {
    this.#keeper = keeper;
    this.name = keeper.ids.uuid();
    this.requestId = parts.requestId;
    this.network = parts.network;
    this.authority = new Authority(parts.shown);
    this.owner = ownerOf(parts.shown.principal);
    this.#rules = parts.batch ? OF_CLIENT.batched : OF_CLIENT.single;
    this.#socket = parts.socket;
    this.#stream = parts.stream;
    const nowMs = keeper.clock.nowMs();
    this.sinceMs = nowMs;
    this.heardAtMs = nowMs;
    this.pingedAtMs = nowMs;
    parts.socket.listener = this;
  }

  get host(): HostOfSessions {
    this.#host ??= new HostOfSessions(this.#keeper, this, this.#stream, this.#rules.batch);
    return this.#host;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The rounds in which its sessions have taken turns, each way. */
  get rounds(): { readonly in: number; readonly out: number } {
    return this.#host?.pump.rounds ?? NO_ROUNDS;
  }

  get isHeldUp(): boolean {
    return this.#host?.pump.isHeldUp ?? false;
  }

  /** How many sessions are open. */
  get size(): number {
    return this.#host?.table.size ?? 0;
  }

  *sessions(): Iterable<MuxSession> {
    yield* this.#host?.table.sessions() ?? [];
  }

  async authorityOf(credential: string | undefined): Promise<Authority> {
    if (credential !== undefined) return new Authority(await this.#keeper.show(credential));
    const { authority } = this;
    if (!authority.isExpiredAt(this.#keeper.clock.nowMs())) return authority;
    throw new MuxRefusal('auth.expired', "The connection's credential has expired");
  }

  admit(session: MuxSession): void {
    this.host.table.open(session);
  }

  opened(session: MuxSession, payload: OpenedPayload): void {
    this.host.pump.answer(CONNECTION, 'OPENED', jsonPayload('OPENED', payload));
    const { stats } = this.#keeper;
    if (payload.epoch > 1) stats.resumes[payload.recovered ? 'recovered' : 'gap'] += 1;
    this.#keeper.onOpened(session);
  }

  answerError(payload: ErrorPayload, session?: MuxSession): void {
    this.#keeper.onError(payload.code, this, session);
    this.host.pump.answer(session ?? CONNECTION, 'ERROR', jsonPayload('ERROR', payload));
  }

  /** Tells the client to come back elsewhere, before the server stops. */
  goAway(reconnectAfterMs: number): void {
    const payload = jsonPayload('GOAWAY', { reconnectAfterMs, reason: 'The server stops' });
    this.host.pump.answer(CONNECTION, 'GOAWAY', payload);
  }

  ping(nowMs: number): void {
    this.pingedAtMs = nowMs;
    this.#socket.ping();
  }

  /** Closes a session from our side: its client is told, and may answer. */
  closeSession(session: MuxSession, code: CloseCode, reason: string): void {
    if (session.isOver) return;
    this.#keeper.stats.closedSession(code);
    this.host.pump.answer(session, 'CLOSE', jsonPayload('CLOSE', { code, reason }));
    this.host.table.close(session, this.#keeper.clock.nowMs());
    const how = code === 4501 ? 'moved' : code === 4502 || code === 4503 ? 'ended' : 'left';
    this.#finish(session, how);
  }

  /** Closes the socket, and cuts it when the client does not answer. Every session is detached. */
  close(code: CloseCode, reason: string): void {
    if (this.#isClosed) return;
    this.#keeper.stats.closedConnection(code);
    if (code === 1002 || code === 1003) this.#keeper.onError('frame.malformed', this);
    this.#host?.pump.stop();
    this.#socket.close(code, fittingReason(reason));
    setTimeout(() => this.#socket.terminate(), FAREWELL_MS).unref();
    this.onSocketClose();
  }

  /** Cuts the socket. */
  cut(): void {
    this.#socket.terminate();
    this.onSocketClose();
  }

  onMistake(error: unknown): void {
    this.#keeper.onMistake(error, this.requestId);
    this.close(1011, 'The server made a mistake');
  }

  /** The socket has gone, or is given up: every session is detached. */
  onSocketClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#auths?.clear();
    this.#host?.pump.stop();
    for (const session of [...this.sessions()]) this.#finish(session, 'left');
    this.#keeper.stats.addRounds(this.rounds);
    this.#keeper.onGone(this);
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#isClosed) return;
    if (!isBinary) this.close(1003, 'Only binary messages are understood');
    else if (readMessage(data, this.#rules, this) !== undefined) {
      this.close(1002, 'Not of the form of a frame');
    }
  }

  /** A ping of the WebSocket's own counts as a frame, and goes unanswered while nothing is read. */
  onPing(data: Buffer): void {
    if (this.#isClosed) return;
    const retryAfterMs = this.#draw(this.#keeper.turnClock.hold());
    if (retryAfterMs > 0) this.#refuseRate(retryAfterMs);
    else if (!this.host.pump.isCongested) this.#socket.pong(data);
  }

  onPong(): void {
    this.heardAtMs = this.#keeper.clock.nowMs();
  }

  onBreach({ close, error }: Breach): void {
    this.#keeper.stats.closedConnection(close);
    this.#keeper.onError(error, this);
  }

  /** Acts on a frame of a message. @returns whether the next one is to follow. */
  deliver(frame: Frame): boolean {
    this.#onFrame(frame);
    return !this.#isClosed;
  }

  #onFrame(frame: Frame): void {
    const nowMs = this.#keeper.turnClock.hold();
    const retryAfterMs = this.#draw(nowMs);
    if (retryAfterMs > 0) {
      this.#refuseRate(retryAfterMs);
      return;
    }
    this.#refusals = 0;
    const { high, low, name, payload } = frame;
    const isOwn = high === 0 && low === 0;
    const session = isOwn ? undefined : this.host.table.find(frame);
    const isTooLong = payload.length > this.#keeper.limits.maxMessageBytes;
    if (isOwn) this.#onOwn(frame, isTooLong);
    else if (session === undefined) this.#onStray(frame, nowMs);
    else if (name === 'CLOSE' && !isTooLong) this.#onClose(session, payload);
    else session.receive(frame);
  }

  #draw(nowMs: number): number {
    this.#bucket ??= new TokenBucket(this.#keeper.limits.connectionRate, nowMs);
    return this.#bucket.take(nowMs);
  }

  #refuseRate(retryAfterMs: number): void {
    this.#refusals += 1;
    this.answerError({ code: 'rate.limited', message: 'Too many frames on this connection', retryAfterMs });
    if (this.#refusals >= MAX_REFUSALS_IN_A_ROW) this.close(4029, 'Too many frames');
  }

  #onOwn({ name, payload }: Frame, isTooLong: boolean): void {
    if (isTooLong) this.answerError({ code: 'message.too_large', message: 'The frame is too long' });
    else if (name === 'OPEN') takeOpen(payload, this.#keeper, this);
    else if (name === 'AUTH') this.#onAuth(payload);
    else if (name === 'PING') {
      const echoed = this.#read(readPing(payload));
      if (echoed !== undefined) this.host.pump.answer(CONNECTION, 'PONG', ownBytes(echoed));
    } else if (name === 'CLOSE') {
      const closed = this.#read(readClose(payload));
      if (closed !== undefined) this.close(closed.code, closed.reason ?? '');
    }
  }

  #onAuth(payload: Buffer): void {
    this.#auths ??= new AuthLine((next) => this.#renew(next));
    if (!this.#auths.add(payload)) this.close(4008, 'Too much waits to be acted on');
  }

  async #renew(payload: Buffer): Promise<void> {
    const answer = await renewAuthority(payload, this.owner, (shown) => this.#keeper.show(shown));
    if (answer.name === 'ERROR') return this.answerError(answer.error);
    this.authority = answer.authority;
    this.host.pump.answer(CONNECTION, answer.name, answer.payload);
    if (!this.#isClosed) this.#keeper.onRenewed(this);
  }

  /** The client closes a session: 1000 ends it for good, everything else leaves it to be taken back. */
  #onClose(session: MuxSession, payload: Buffer): void {
    const closed = this.#read(readClose(payload), session);
    if (closed === undefined) return;
    const { code, reason = '' } = closed;
    this.host.pump.answer(session, 'CLOSE', jsonPayload('CLOSE', { code, reason }));
    this.host.table.remove(session);
    this.#finish(session, code === 1000 ? 'ended' : 'closed');
  }

  #finish(session: MuxSession, how: Gone): void {
    this.host.pump.remove(session);
    session.finish();
    this.#keeper.stats.ofKind(session.kind.name).over.add(session.counted);
    this.#keeper.onClosed(session, this.name, how);
  }

  #onStray(frame: Frame, nowMs: number): void {
    const { drops } = this.#keeper.stats;
    if (this.host.table.isJustClosed(frame, nowMs)) {
      drops['closed-handle'] += 1;
      if (frame.name === 'CLOSE') this.host.table.remove(frame);
      return;
    }
    this.#unknown ??= new TokenBucket(UNKNOWN_HANDLES, nowMs);
    if (this.#unknown.take(nowMs) === 0) {
      this.answerError({ code: 'session.unknown', message: 'This connection has no such session' });
      return;
    }
    drops['unknown-handle'] += 1;
    this.#keeper.onError('session.unknown', this);
  }

  #read<Value>(read: Read<Value> | Refused, session?: MuxSession): Value | undefined {
    if (read.kind === 'read') return read.value;
    const { code, message, ref } = read;
    this.answerError({ code, message, ...(ref === undefined ? {} : { ref }) }, session);
    return undefined;
  }
}
