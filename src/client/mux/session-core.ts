import type { Closure } from './close-rules.ts';
import {
  creditPayload,
  FRAME,
  type FrameType,
  grantedBy,
  jsonOf,
  jsonPayload,
  type ReceivedFrame,
} from './frames.ts';
import type { MuxConnection } from './mux-connection.ts';
import { MuxError, type MuxErrorCode } from './mux-error.ts';
import type { SessionEnd, SessionState } from './mux-message.ts';
import { DEFAULT_WINDOW_BYTES, type OpenOptions } from './mux-options.ts';
import type { Renewals } from './renewals.ts';
import { type Opened, readAuthed, readError, type ServerError } from './server-words.ts';
import { SessionInbox } from './session-inbox.ts';
import { SessionIntake } from './session-intake.ts';
import { type LifeParts, type Living, SessionLife } from './session-life.ts';
import { SessionOutbox } from './session-outbox.ts';
import { Signal } from './signal.ts';

/** What a session is made with. */
export interface SessionParts extends Omit<LifeParts, 'signal'> {
  readonly renewals: Renewals;
  readonly openWithinMs: number;
  readonly options: OpenOptions;
  /** It is over. */
  onOver(): void;
}

/** Who speaks the language of a session's kind. */
export interface SessionListener {
  /** DATA has come. */
  onData(bytes: Uint8Array): void;
  /** Frames that were sent may have been lost, by a cut or over the rate; they may be sent again after a while. */
  onDoubt(retryAfterMs: number): void;
  /** A frame was refused, for good. */
  onRefused(code: MuxErrorCode, message: string): void;
}

/** How long the server may take to answer a close, in milliseconds; what it does not answer ends with its lease. */
const CLOSED_WITHIN_MS = 5_000;

/** Codes of a close that end a session as it was to end: done, and what is behind it is gone. */
const GOOD_ENDS: readonly (number | undefined)[] = [1000, 4503];

/** A session from the inside: what it is on its connection, and what it keeps between two of them. */
export class SessionCore implements Living {
  readonly kind: string;
  readonly inbox: SessionInbox;
  readonly intake: SessionIntake;
  readonly outbox: SessionOutbox;
  readonly begun = new Signal<MuxError | undefined>();
  readonly end = new Signal<SessionEnd>();
  readonly counts = { sent: 0, sentBytes: 0, refused: 0, resumes: 0 };
  state: SessionState = 'opening';
  sessionId = '';
  token = '';
  epoch = 0;
  readonly #parts: SessionParts;
  readonly #over = new AbortController();
  #closed = new Signal<Closure>();
  #need = new Signal<void>();
  #room = new Signal<void>();
  #life: SessionLife | undefined;
  #place: { readonly connection: MuxConnection; readonly handle: bigint } | undefined;
  #retryAfterMs: number | undefined;
  #listener: SessionListener | undefined;
  /** What a session that is not wanted any more is closed with. */
  #farewell: 1000 | 1001 | undefined;

  constructor(kind: string, parts: SessionParts) {
    this.kind = kind;
    this.#parts = parts;
    const { options, platform } = parts;
    this.outbox = new SessionOutbox(platform, options.paced ?? true);
    const grant = (bytes: number): void => this.#send(FRAME.CREDIT, creditPayload(bytes));
    const onRoom = (): void => this.#room.resolve();
    this.inbox = new SessionInbox(options.window ?? DEFAULT_WINDOW_BYTES, grant, onRoom);
    this.intake = new SessionIntake(this.inbox);
    if (options.resume !== undefined) {
      const { sessionId, token, offset } = options.resume;
      Object.assign(this, { sessionId, token });
      this.intake.restore(offset);
    }
  }

  get wasOpen(): boolean {
    return this.epoch > 0;
  }

  /** DATA goes to a listener as it comes, in the place of the consumer. */
  set listener(listener: SessionListener) {
    this.#listener = listener;
    this.intake.onData = (bytes) => listener.onData(bytes);
  }

  /** Begins to live. */
  live(): void {
    const { platform, openWithinMs } = this.#parts;
    this.#life = new SessionLife({ ...this.#parts, signal: this.#over.signal }, this);
    const cancel = platform.after(openWithinMs, () => {
      const { code = 'unreachable', message, retryAfterMs } = this.#life?.putOff ?? {};
      const late = `The session was not open within ${openWithinMs} ms`;
      const more = retryAfterMs === undefined ? {} : { retryAfterMs };
      this.finish(new MuxError(code, message === undefined ? late : `${late}: ${message}`, more));
    });
    void this.begun.promise.then(cancel);
    void this.#life.run().catch((error: MuxError) => this.finish(error));
  }

  async send(payload: Uint8Array): Promise<void> {
    const sent = this.outbox.send(payload);
    this.#need.resolve();
    await sent;
  }

  /** Ends it, or leaves it to be taken back: now where it is on a connection, else as soon as it is. */
  part(farewell: 1000 | 1001): void {
    this.#farewell ??= farewell;
    const gone = (): void => this.finish(new MuxError('gone', 'The session has been closed here'));
    const hasNothing = this.sessionId === '' && this.#life?.isAsking !== true;
    if (this.#place === undefined && (this.#farewell === 1001 || hasNothing)) {
      gone();
      return;
    }
    const cancel = this.#parts.platform.after(CLOSED_WITHIN_MS, gone);
    void this.end.promise.then(cancel);
    this.#place?.connection.closeSession(this.#place.handle, this.#farewell);
    this.#need.resolve();
    this.#room.resolve();
  }

  /** It is over. */
  finish(error: MuxError): void {
    if (this.state === 'over') return;
    this.#leavePlace();
    this.state = 'over';
    const isGood = error.code === 'gone' || (error.code === 'closed' && GOOD_ENDS.includes(error.closeCode));
    this.inbox.end(isGood ? undefined : error);
    this.outbox.end(error);
    this.#over.abort();
    this.#need.resolve();
    this.#room.resolve();
    this.#closed.resolve({ code: 1000, reason: '', of: 'session' });
    this.begun.resolve(error);
    const code = error.closeCode === undefined ? {} : { code: error.closeCode };
    this.end.resolve({ ...code, reason: error.message, ...(isGood ? {} : { error }) });
    this.#parts.onOver();
  }

  asked(): Readonly<Record<string, unknown>> {
    const { params, weight } = this.#parts.options;
    const { kind, sessionId, token } = this;
    const common = { kind, window: this.inbox.begin(), ...(weight === undefined ? {} : { weight }) };
    if (sessionId === '') return params === undefined ? common : { ...common, params };
    return { ...common, resume: { sessionId, token, offset: this.intake.lastOffset } };
  }

  closed(): Promise<Closure> {
    return this.#closed.promise;
  }

  needed(): Promise<void> {
    this.#need = new Signal();
    if (this.outbox.length > 0 || this.#farewell !== undefined) this.#need.resolve();
    this.state = 'asleep';
    return this.#need.promise;
  }

  async room(): Promise<void> {
    while (!this.inbox.hasRoom && this.#farewell === undefined && !this.#over.signal.aborted) {
      this.#room = new Signal();
      await this.#room.promise;
    }
  }

  onOpened(opened: Opened, connection: MuxConnection): void {
    const { handle } = opened;
    this.#place = { connection, handle };
    this.#closed = new Signal();
    this.#retryAfterMs = undefined;
    const isResumed = this.sessionId !== '';
    const { sessionId, resumeToken, epoch } = opened;
    Object.assign(this, { sessionId, token: resumeToken, epoch });
    this.intake.opened(opened, isResumed);
    if (this.state === 'over') {
      this.#leavePlace();
      this.#closed.resolve({ code: 1000, reason: '', of: 'session' });
      return;
    }
    this.state = 'open';
    if (this.#farewell !== undefined) {
      this.part(this.#farewell);
      return;
    }
    this.#watchExpiry(opened, connection);
    this.outbox.attach(this.#line(connection, handle), opened);
    if (isResumed) this.counts.resumes += 1;
    this.begun.resolve(undefined);
    if (isResumed) this.#listener?.onDoubt(0);
  }

  onFrame({ handle, type, payload }: ReceivedFrame): void {
    if (type === FRAME.DATA || type === FRAME.EVENT) {
      if (!this.intake.take({ handle, type, payload })) this.#broken();
    } else if (type === FRAME.CREDIT) {
      if (!this.outbox.grant(grantedBy(payload))) this.#broken();
    } else if (type === FRAME.ERROR) this.#onError(readError(jsonOf(payload)));
    else if (type === FRAME.AUTHED) this.#parts.renewals.set(this, readAuthed(jsonOf(payload)));
  }

  onClosed(closure: Closure): void {
    const connection = this.#place?.connection;
    this.#place = undefined;
    this.outbox.detach();
    this.#parts.renewals.forget(this);
    if (connection !== undefined) this.#parts.pool.released(connection);
    if (this.state !== 'over') this.state = 'coming-back';
    const retryAfterMs = closure.retryAfterMs ?? this.#retryAfterMs;
    const isOwn = this.#farewell !== undefined && closure.of === 'session';
    this.#closed.resolve(isOwn ? { ...closure, code: 1000 } : { ...closure, retryAfterMs });
  }

  #watchExpiry({ expiresAt }: Opened, connection: MuxConnection): void {
    const { renewals, credentials, hasOwnCredentials } = this.#parts;
    const show = (credential: string): void => this.#send(FRAME.AUTH, jsonPayload({ credential }));
    renewals.watch(this, show, credentials);
    renewals.set(this, expiresAt);
    // What a session has of its connection tells until when the connection's own is good.
    if (!hasOwnCredentials) renewals.set(connection, expiresAt);
  }

  #line(connection: MuxConnection, handle: bigint) {
    return {
      get bufferedBytes() {
        return connection.bufferedBytes;
      },
      send: (payload: Uint8Array): void => {
        this.counts.sent += 1;
        this.counts.sentBytes += payload.length;
        connection.send(handle, FRAME.DATA, payload);
      },
    };
  }

  #onError({ code, message, retryAfterMs }: ServerError): void {
    if (code.startsWith('auth.') || code === 'unavailable') {
      this.#parts.renewals.refused(this);
      return;
    }
    this.counts.refused += 1;
    if (code === 'rate.limited') {
      this.#retryAfterMs = retryAfterMs;
      this.outbox.pause(retryAfterMs ?? 0);
      this.#listener?.onDoubt(retryAfterMs ?? 0);
    } else this.#listener?.onRefused(code, message);
    if (this.#listener === undefined) this.inbox.notice({ type: 'refused', code, message });
  }

  /** The server has not kept to a window: the session comes back with new ones. */
  #broken(): void {
    this.#place?.connection.closeSession(this.#place.handle, 4008);
    this.#place?.connection.forget(this.#place.handle);
    this.onClosed({ code: 4008, reason: 'A window was broken', of: 'session' });
  }

  #leavePlace(): void {
    const { connection, handle } = this.#place ?? {};
    if (connection === undefined || handle === undefined) return;
    connection.closeSession(handle, this.#farewell ?? 1001);
    connection.forget(handle);
    this.#place = undefined;
    this.#parts.renewals.forget(this);
    this.#parts.pool.released(connection);
  }

  #send(type: FrameType, payload: Uint8Array): void {
    this.#place?.connection.send(this.#place.handle, type, payload);
  }
}
