import type { Permission } from '../../../../../domain/identity/permission.ts';
import type { EndingPrincipal } from '../../../../../domain/identity/principal.ts';
import type { CloseCode, ErrorCode } from '../codes.ts';

/** The way from a kind to its client. What is sent after the session has been closed is dropped. */
export interface SessionOut {
  /** Sends DATA. A promise: the client's queue is full, and nothing more is to be sent until it resolves. */
  data(bytes: Uint8Array): Promise<void> | undefined;
  /** Sends an EVENT, which the kind can send again after a resume; the promise is that of `data`. */
  event(offset: number, bytes: Uint8Array): Promise<void> | undefined;
  /** True once the client has read everything that was sent so far; false when that can be known no more. */
  confirmed(): Promise<boolean>;
  /** Answers what cannot be answered by DATA. */
  refuse(code: ErrorCode, message: string): void;
  /** Closes the session once everything has been sent. */
  end(code: CloseCode, reason: string): void;
}

/** What a session is opened with. */
export interface Opening {
  /** Whoever the session's credential names now. */
  principal(): EndingPrincipal;
  readonly params: Readonly<Record<string, unknown>>;
  /** Of a resume: the offset of the last EVENT that the client has, 0 for none. */
  readonly offset?: number;
  readonly requestId: string;
  /**
   * Charges events that are sent anew, or late, from what is kept, in bytes, to the session's principal. A promise: he
   * has had so many that these wait until it resolves.
   */
  replayed(bytes: number): Promise<void> | undefined;
}

/** A kind's side of one session, on one connection. */
export interface KindSession {
  /** What OPENED says: whether everything after the client's offset follows, and the offset before what follows. */
  readonly recovered: boolean;
  readonly offset: number;
  /** Called once, when OPENED is on its way and sending may begin. Never throws. */
  begin(): void;
  /**
   * Acts on DATA. Frames of a session come one after the other: the next one waits for the promise. Never rejects.
   *
   * `bytes` looks into the message that it came in, which it pins: a kind may send it back, and keeps nothing of it once
   * this has returned. What an asynchronous function has been given it keeps until it ends.
   */
  onData(bytes: Buffer): Promise<void> | undefined;
  /** The connection or the session is over: nothing more is sent, and everything that is held is let go. */
  close(): void;
}

/** A kind of session: what it carries. A new one is one file and one binding. */
export interface Kind {
  readonly name: string;
  /** What a session's principal needs to open it, and for each of its messages. */
  readonly permission: Permission;
  /** @throws DomainError or MuxRefusal when there is nothing to open; PortError when that cannot be found out. */
  open(opening: Opening, out: SessionOut): Promise<KindSession>;
}
