import { DEFAULT_WINDOW_BYTES, GrantedWindow } from '../../../../domain/multiplexing/credit-window.ts';
import { Flow } from '../../../../domain/multiplexing/fair-queue.ts';
import type { IdleWatch } from '../../../../domain/multiplexing/idle-wheel.ts';
import type { TokenBucket } from '../../../../domain/multiplexing/token-bucket.ts';
import type { Authority } from './authority.ts';
import { type Read, type Refused, readCredit, readPing } from './client-payloads.ts';
import type { CloseCode, ErrorCode } from './codes.ts';
import { CONNECTION, type Frame, type Handle, HEADER_BYTES, ownBytes } from './frame.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { KindSession, SessionOut } from './kinds/kind.ts';
import { INBOUND_QUEUE_BYTES, MAX_REFUSALS_IN_A_ROW } from './mux-limits.ts';
import { renewAuthority } from './renew-authority.ts';
import type { ErrorPayload } from './server-payloads.ts';
import type { SessionHost } from './session-host.ts';
import type { Come, SessionIdentity, SessionParts } from './session-identity.ts';
import { SessionOutbox } from './session-outbox.ts';
import { TimedQueue } from './timed-queue.ts';
import { Traffic } from './traffic.ts';
import type { TurnTaker } from './turn-pump.ts';
import { creditPayload } from './write-frame.ts';

/** One session on one connection: what has come for it and what waits for its client, within its own limits. */
export class MuxSession implements SessionOut, TurnTaker {
  readonly identity: SessionIdentity;
  readonly authority: Authority;
  /** When DATA or an EVENT went last, in unix milliseconds. */
  idle: IdleWatch<MuxSession>;
  /** The step in which its credential expires, as whoever watches over it counts them; undefined when it does not. */
  expiryStep: number | undefined;
  readonly traffic = new Traffic();
  handle: Handle = CONNECTION;
  epoch = 0;
  readonly #host: SessionHost<MuxSession>;
  readonly #bucket: TokenBucket;
  readonly #weight: number;
  /** These are made when they are needed first: most sessions are idle, and keep nothing for what has not come. */
  #inbound: Flow<TurnTaker> | undefined;
  #outbound: Flow<TurnTaker> | undefined;
  #come: TimedQueue<Come> | undefined;
  readonly #granted = new GrantedWindow(DEFAULT_WINDOW_BYTES);
  readonly #outbox: SessionOutbox;
  #kindSession: KindSession | undefined;
  /** Whether a frame is being acted on, or its client has not been heard in this epoch. */
  #isBusy = false;
  #isConfirmed = true;
  #isOver = false;
  #refusals = 0;

  constructor(host: SessionHost<MuxSession>, parts: SessionParts) {
    this.#host = host;
    this.identity = parts.identity;
    this.authority = parts.authority;
    this.#bucket = parts.bucket;
    this.#weight = parts.weight;
    this.#outbox = new SessionOutbox(parts.window, host.statsOf(parts.identity.kind.name).waitsOut);
    this.idle = { watched: this, usedAtMs: host.nowMs() };
  }

  get inbound(): Flow<TurnTaker> {
    this.#inbound ??= new Flow<TurnTaker>(this, this.#weight);
    return this.#inbound;
  }

  get outbound(): Flow<TurnTaker> {
    this.#outbound ??= new Flow<TurnTaker>(this, this.#weight);
    return this.#outbound;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What waits to be acted on, and what waits for its client, in bytes of frames. */
  get queued(): { readonly inBytes: number; readonly outBytes: number } {
    return { inBytes: this.#come?.bytes ?? 0, outBytes: this.#outbox.bytes };
  }

  get hasInbound(): boolean {
    return !this.#isOver && !this.#isBusy && this.#come !== undefined && this.#come.length > 0;
  }

  get hasOutbound(): boolean {
    return !this.#isOver && this.#outbox.isReady;
  }

  /** It is its client's from now on. `isResumed`: the token that it came with is spent when it is heard. */
  begin(
    kindSession: KindSession,
    at: { readonly handle: Handle; readonly epoch: number; readonly isResumed: boolean },
  ): void {
    this.#kindSession = kindSession;
    this.handle = at.handle;
    this.epoch = at.epoch;
    this.#isConfirmed = !at.isResumed;
  }

  /** A frame has come on its handle, but for CLOSE. */
  receive({ name, payload }: Frame): void {
    if (payload.length > this.#host.maxMessageBytes) {
      this.#error({ code: 'message.too_large', message: 'The frame is too long' });
      this.#host.close(this, 1009, 'The frame is too long');
      return;
    }
    if (!this.#isConfirmed) this.#confirm();
    if (name === 'CREDIT') this.#onCredit(payload);
    else if (name === 'PING') this.#onPing(payload);
    else if (name === 'PONG') this.#outbox.answered(payload, this.handle, this.#host);
    else if (name === 'DATA' || name === 'AUTH') this.#onQueued(name, payload);
  }

  actOnNext(): number {
    const nowMs = this.#host.nowMs();
    const come = this.#come?.shift(nowMs);
    if (come === undefined) return HEADER_BYTES;
    // Renewing is what is left to do for whose credential has expired.
    if (come.name === 'DATA' && this.authority.isExpiredAt(nowMs)) {
      this.#host.close(this, 4010, 'The credential has expired');
      return come.cost;
    }
    const done = come.name === 'AUTH' ? this.#onAuth(come.payload) : this.#onData(come.payload, nowMs);
    if (done === undefined) this.#done(come);
    else {
      this.#isBusy = true;
      void done.then(() => this.#free(come));
    }
    return come.cost;
  }

  writeNext(writer: FrameWriter): number {
    const nowMs = this.#host.nowMs();
    const cost = this.#outbox.writeNext(this.handle, writer, nowMs);
    this.traffic.messagesOut += 1;
    this.traffic.bytesOut += cost - HEADER_BYTES;
    this.idle.usedAtMs = nowMs;
    this.#endIfDue();
    return cost;
  }

  data(bytes: Uint8Array): Promise<void> | undefined {
    return this.#send('DATA', bytes, 0);
  }

  event(offset: number, bytes: Uint8Array): Promise<void> | undefined {
    return this.#send('EVENT', bytes, offset);
  }

  confirmed(): Promise<boolean> {
    return this.#isOver ? Promise.resolve(false) : this.#outbox.confirmed();
  }

  refuse(code: ErrorCode, message: string): void {
    this.#error({ code, message });
  }

  end(code: CloseCode, reason: string): void {
    this.#outbox.end({ code, reason });
    this.#endIfDue();
  }

  /** Closes it from our side, on the connection that it is on. Nothing happens when it is over. */
  close(code: CloseCode, reason: string): void {
    this.#host.close(this, code, reason);
  }

  /** It is over here: everything that it holds is let go. Idempotent. */
  finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#come?.clear();
    this.#outbox.clear();
    this.#kindSession?.close();
  }

  #onCredit(payload: Buffer): void {
    const granted = this.#read(readCredit(payload));
    if (granted === undefined) return;
    if (!this.#outbox.grant(granted)) {
      this.#host.close(this, 4008, 'The window is too large');
      return;
    }
    if (this.hasOutbound) this.#host.hasOutbound(this);
  }

  #onPing(payload: Buffer): void {
    if (!this.#isAdmitted(this.#host.nowMs())) return;
    const echoed = this.#read(readPing(payload));
    if (echoed !== undefined) this.#host.answer(this.handle, 'PONG', ownBytes(echoed));
  }

  #onQueued(name: Come['name'], payload: Buffer): void {
    if (name === 'DATA' && !this.#granted.receive(payload.length)) {
      this.#error({ code: 'credit.exceeded', message: 'More was sent than was granted' });
      this.#host.close(this, 4008, 'More was sent than was granted');
      return;
    }
    if (!this.#isAdmitted(this.#host.nowMs())) {
      // Its client has taken it off the window, although nobody looked at it.
      if (name === 'DATA') this.#giveBack(payload.length);
      return;
    }
    const cost = HEADER_BYTES + payload.length;
    if ((this.#come?.bytes ?? 0) + cost > INBOUND_QUEUE_BYTES) {
      this.#host.close(this, 4008, 'Too much waits to be acted on');
      return;
    }
    const come = { name, payload: ownBytes(payload), cost, next: undefined };
    this.#come ??= new TimedQueue(this.#host.statsOf(this.identity.kind.name).waitsIn);
    this.#come.push(come, this.#host);
    if (name === 'DATA') {
      this.traffic.messagesIn += 1;
      this.traffic.bytesIn += payload.length;
    }
    if (this.hasInbound) this.#host.hasInbound(this);
  }

  #isAdmitted(nowMs: number): boolean {
    const retryAfterMs = this.#bucket.take(nowMs);
    if (retryAfterMs === 0) {
      this.#refusals = 0;
      return true;
    }
    this.#refusals += 1;
    this.#error({ code: 'rate.limited', message: 'Too many frames on this session', retryAfterMs });
    if (this.#refusals >= MAX_REFUSALS_IN_A_ROW) this.#host.close(this, 4029, 'Too many frames');
    return false;
  }

  #onData(payload: Buffer, nowMs: number): Promise<void> | undefined {
    this.idle.usedAtMs = nowMs;
    const { permission } = this.identity.kind;
    if (this.authority.may('mux.open') && this.authority.may(permission)) {
      return this.#kindSession?.onData(payload);
    }
    this.#error({ code: 'session.forbidden', message: 'You may not do this' });
    return undefined;
  }

  async #onAuth(payload: Buffer): Promise<void> {
    const show = (credential: string) => this.#host.show(credential);
    const answer = await renewAuthority(payload, this.authority, this.identity.owner, show);
    if (this.#isOver) return;
    if (answer.name === 'ERROR') return this.#error(answer.error);
    this.#host.answer(this.handle, answer.name, answer.payload);
    this.#host.authorityChanged(this);
  }

  #confirm(): void {
    this.#isConfirmed = true;
    this.#isBusy = true;
    this.#host.confirm(this).then(
      (outcome) => {
        if (outcome === 'not-held') this.#host.close(this, 4501, 'The session has moved');
        this.#free();
      },
      () => {
        this.#host.close(this, 1011, 'The directory is out of reach');
        this.#free();
      },
    );
  }

  #free(come?: Come): void {
    this.#isBusy = false;
    if (come !== undefined) this.#done(come);
    if (this.hasInbound) this.#host.hasInbound(this);
  }

  #done({ name, payload }: Come): void {
    if (name === 'DATA') this.#giveBack(payload.length);
  }

  #giveBack(bytes: number): void {
    const grant = this.#granted.finish(bytes);
    if (grant > 0 && !this.#isOver) this.#host.answer(this.handle, 'CREDIT', creditPayload(grant));
  }

  #send(name: 'DATA' | 'EVENT', bytes: Uint8Array, offset: number): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    const full = this.#outbox.add({ name, payload: bytes, offset }, this.#host);
    if (this.hasOutbound) this.#host.hasOutbound(this);
    return full;
  }

  #endIfDue(): void {
    const { due } = this.#outbox;
    if (due !== undefined && !this.#isOver) this.#host.close(this, due.code, due.reason);
  }

  #read<Value>(read: Read<Value> | Refused): Value | undefined {
    if (read.kind === 'read') return read.value;
    this.#error({ code: read.code, message: read.message });
    return undefined;
  }

  #error(payload: ErrorPayload): void {
    if (!this.#isOver) this.#host.answerError(this, payload);
  }
}
