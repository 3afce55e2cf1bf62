import type { Flow } from '../../../../domain/multiplexing/fair-queue.ts';
import type { SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { Authority } from './authority.ts';
import { type Read, type Refused, readCredit, readPing } from './client-payloads.ts';
import type { CloseCode, ErrorCode } from './codes.ts';
import { confirmHeard } from './confirm-heard.ts';
import { type Frame, HEADER_BYTES, ownBytes } from './frame.ts';
import type { FrameWriter } from './frame-writer.ts';
import { KeptOfSession } from './kept-of-session.ts';
import type { Kind, KindSession, SessionOut } from './kinds/kind.ts';
import { renewAuthority } from './renew-authority.ts';
import type { ErrorPayload } from './server-payloads.ts';
import type { SessionHost } from './session-host.ts';
import type { Come, IdentifiedTaker, SessionParts } from './session-identity.ts';
import { SessionInbox } from './session-inbox.ts';
import { SessionOutbox } from './session-outbox.ts';
import { Traffic } from './traffic.ts';
import type { TurnTaker } from './turn-pump.ts';
import { creditPayload } from './write-frame.ts';

const NO_TRAFFIC: Readonly<Traffic> = new Traffic();

/**
 * One session on one connection: what has come for it and what waits for its client, within its own limits. What these
 * take is made when it is needed first, since most sessions are idle most of the time.
 */
export class MuxSession extends KeptOfSession<MuxSession> implements SessionOut, IdentifiedTaker {
  readonly id: SubscriberId;
  readonly owner: SubscriberOwner;
  readonly kind: Kind;
  authority: Authority;
  /** Whether its client has been heard in this epoch, which spends the token that it came with. */
  isHeard = true;
  epoch = 0;
  readonly #host: SessionHost<MuxSession>;
  readonly #weight: number;
  readonly #window: number;
  /** The authority by which it may do what its kind does; asked anew of another one. */
  #allowedBy: Authority | undefined;
  #traffic: Traffic | undefined;
  #inbox: SessionInbox | undefined;
  #outbox: SessionOutbox | undefined;
  #kindSession: KindSession | undefined;
  #isBusy = false;
  #isOver = false;

  constructor(host: SessionHost<MuxSession>, parts: SessionParts) {
    super(host.nowMs());
    this.#host = host;
    ({ id: this.id, owner: this.owner, kind: this.kind, authority: this.authority } = parts);
    ({ weight: this.#weight, window: this.#window } = parts);
  }

  get traffic(): Traffic {
    this.#traffic ??= new Traffic();
    return this.#traffic;
  }

  /** What has gone over it, to be read only. */
  get counted(): Readonly<Traffic> {
    return this.#traffic ?? NO_TRAFFIC;
  }

  get inbound(): Flow<TurnTaker> | undefined {
    return this.#inbox?.flow;
  }

  get outbound(): Flow<TurnTaker> | undefined {
    return this.#outbox?.flow;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What waits to be acted on, and what waits for its client, in bytes of frames. */
  get queued(): { readonly inBytes: number; readonly outBytes: number } {
    return { inBytes: this.#inbox?.bytes ?? 0, outBytes: this.#outbox?.bytes ?? 0 };
  }

  get hasInbound(): boolean {
    return !this.#isOver && !this.#isBusy && this.#inbox !== undefined && !this.#inbox.isEmpty;
  }

  get hasOutbound(): boolean {
    return !this.#isOver && this.#outbox !== undefined && this.#outbox.isReady;
  }

  /** It is its client's from now on. `isResumed`: the token that it came with is spent when it is heard. */
  begin(kindSession: KindSession, at: { readonly epoch: number; readonly isResumed: boolean }): void {
    this.#kindSession = kindSession;
    this.epoch = at.epoch;
    this.isHeard = !at.isResumed;
  }

  /** A frame has come on its handle: any but a CLOSE that is not too long. */
  receive({ name, payload }: Frame): void {
    if (payload.length > this.#host.maxMessageBytes) {
      this.#error({ code: 'message.too_large', message: 'The frame is too long' });
      this.#host.close(this, 1009, 'The frame is too long');
      return;
    }
    if (!this.isHeard) this.#confirm();
    if (name === 'CREDIT') this.#onCredit(payload);
    else if (name === 'PING') this.#onPing(payload);
    else if (name === 'PONG') this.#outbox?.answered(payload, this, this.#host);
    else if (name === 'DATA' || name === 'AUTH') this.#onQueued(name, payload);
  }

  actOnNext(nowMs: number): number {
    const come = this.#inbox?.shift(nowMs);
    if (come === undefined) return HEADER_BYTES;
    // Renewing is what is left to do for whose credential has expired.
    if (come.name === 'DATA' && this.authority.isExpiredAt(nowMs)) {
      this.#host.close(this, 4010, 'The credential has expired');
      return come.cost;
    }
    const done = come.name === 'AUTH' ? this.#onAuth(come.payload) : this.#onData(come.payload, nowMs);
    const bytes = this.#inbox?.acted() ?? 0;
    if (done === undefined) this.#giveBack(bytes);
    else {
      this.#isBusy = true;
      void done.then(() => this.#free(bytes));
    }
    return come.cost;
  }

  writeNext(writer: FrameWriter, nowMs: number): number {
    const cost = this.#outbox?.writeNext(this, writer, nowMs) ?? HEADER_BYTES;
    this.traffic.out(cost - HEADER_BYTES);
    this.usedAtMs = nowMs;
    this.#endIfDue();
    return cost;
  }

  keepOwn(): void {
    this.#inbox?.own();
    this.#outbox?.own();
  }

  data(bytes: Uint8Array): Promise<void> | undefined {
    return this.#send('DATA', bytes, 0);
  }

  event(offset: number, bytes: Uint8Array): Promise<void> | undefined {
    return this.#send('EVENT', bytes, offset);
  }

  async confirmed(): Promise<boolean> {
    return !this.#isOver && this.#out.confirmed();
  }

  refuse(code: ErrorCode, message: string): void {
    this.#error({ code, message });
  }

  end(code: CloseCode, reason: string): void {
    this.#out.end({ code, reason });
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
    this.#inbox?.clear();
    this.#outbox?.clear();
    this.#kindSession?.close();
  }

  #onCredit(payload: Buffer): void {
    const granted = this.#read(readCredit(payload));
    if (granted === undefined) return;
    if (!this.#out.grant(granted)) this.#host.close(this, 4008, 'The window is too large');
    else if (this.hasOutbound) this.#host.hasOutbound(this);
  }

  #onPing(payload: Buffer): void {
    if (!this.#isAdmitted(this.#in, this.#host.nowMs())) return;
    const echoed = this.#read(readPing(payload));
    if (echoed !== undefined) this.#host.answer(this, 'PONG', ownBytes(echoed));
  }

  #onQueued(name: Come['name'], payload: Buffer): void {
    const inbox = this.#in;
    const nowMs = this.#host.nowMs();
    if (name === 'DATA' && !inbox.receive(payload.length)) {
      this.#error({ code: 'credit.exceeded', message: 'More was sent than was granted' });
      this.#host.close(this, 4008, 'More was sent than was granted');
      return;
    }
    if (!this.#isAdmitted(inbox, nowMs)) {
      // Its client has taken it off the window, although nobody looked at it.
      if (name === 'DATA') this.#giveBack(payload.length);
      return;
    }
    if (!inbox.isBorrowing) this.#host.borrows(this);
    if (!inbox.push(name, payload, nowMs)) {
      this.#host.close(this, 4008, 'Too much waits to be acted on');
      return;
    }
    if (name === 'DATA') this.traffic.in(payload.length);
    if (this.hasInbound) this.#host.hasInbound(this);
  }

  #isAdmitted(inbox: SessionInbox, nowMs: number): boolean {
    const retryAfterMs = inbox.draw(nowMs);
    if (retryAfterMs === 0) return true;
    this.#error({ code: 'rate.limited', message: 'Too many frames on this session', retryAfterMs });
    if (inbox.isFlooded) this.#host.close(this, 4029, 'Too many frames');
    return false;
  }

  #onData(payload: Buffer, nowMs: number): Promise<void> | undefined {
    this.usedAtMs = nowMs;
    if (this.#isAllowed) return this.#kindSession?.onData(payload);
    this.refuse('session.forbidden', 'You may not do this');
    return undefined;
  }

  /** Whether its credential permits what its kind does. */
  get #isAllowed(): boolean {
    const { permission } = this.kind;
    if (this.#allowedBy !== this.authority && this.authority.opens(permission))
      this.#allowedBy = this.authority;
    return this.#allowedBy === this.authority;
  }

  async #onAuth(payload: Buffer): Promise<void> {
    const show = (credential: string) => this.#host.show(credential);
    const answer = await renewAuthority(payload, this.owner, show);
    if (this.#isOver) return;
    if (answer.name === 'ERROR') return this.#error(answer.error);
    this.authority = answer.authority;
    this.#host.answer(this, answer.name, answer.payload);
    this.#host.authorityChanged(this);
  }

  #confirm(): void {
    this.isHeard = true;
    this.#isBusy = true;
    void confirmHeard(this, this.#host).then(() => this.#free());
  }

  #free(bytes = 0): void {
    this.#isBusy = false;
    this.#giveBack(bytes);
    if (this.hasInbound) this.#host.hasInbound(this);
  }

  /** A payload of so many bytes is done with, and its room is free again. */
  #giveBack(bytes: number): void {
    const grant = this.#inbox?.finish(bytes) ?? 0;
    if (grant > 0 && !this.#isOver) this.#host.answer(this, 'CREDIT', creditPayload(grant));
  }

  #send(name: 'DATA' | 'EVENT', bytes: Uint8Array, offset: number): Promise<void> | undefined {
    // Left out, it would be a gap that nobody hears of: it comes after a resume by whoever may have it.
    if (!this.#isAllowed) this.#host.close(this, 4403, 'You may not be told this');
    if (this.#isOver) return undefined;
    const isBorrowed = this.#inbox?.lends(bytes) ?? false;
    const full = this.#out.add({ name, offset, payload: bytes, isBorrowed }, this.#host.nowMs());
    if (this.hasOutbound) this.#host.hasOutbound(this);
    return full;
  }

  #endIfDue(): void {
    const due = this.#outbox?.due;
    if (due !== undefined && !this.#isOver) this.#host.close(this, due.code, due.reason);
  }

  get #in(): SessionInbox {
    this.#inbox ??= new SessionInbox(this, this.#weight, this.#host);
    return this.#inbox;
  }

  get #out(): SessionOutbox {
    this.#outbox ??= new SessionOutbox(this, this.#weight, this.#window, this.#host);
    return this.#outbox;
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
