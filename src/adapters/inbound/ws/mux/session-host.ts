import type { SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';
import type { TokenBucket } from '../../../../domain/multiplexing/token-bucket.ts';
import type { Shown } from './authority.ts';
import type { CloseCode } from './codes.ts';
import type { FrameName, Handle } from './frame.ts';
import type { KindStats } from './mux-stats.ts';
import type { ErrorPayload } from './server-payloads.ts';

/** What a session asks of the connection that it is on. */
export interface SessionHost<Session> {
  readonly maxMessageBytes: number;
  /** The time as this turn of the event loop has it, in unix milliseconds. */
  nowMs(): number;
  /** What a session's frames draw from, which it keeps when it is closed and taken back. */
  bucketOf(id: SubscriberId): TokenBucket;
  /** Where sessions of a kind are counted. */
  statsOf(kind: string): KindStats;
  /** Sends what is no payload of a kind, before all that waits. */
  answer(handle: Handle, name: FrameName, payload: Uint8Array): void;
  /** Answers a frame of a session's by an error. */
  answerError(session: Session, payload: ErrorPayload): void;
  hasInbound(session: Session): void;
  /** What waits of a session may look into messages that have come in this turn, and is to be its own when that is over. */
  borrows(session: Session): void;
  hasOutbound(session: Session): void;
  /** Closes a session from our side. */
  close(session: Session, code: CloseCode, reason: string): void;
  /** Tells the directory that the client of a taken back session has been heard. @throws PortError. */
  confirm(session: Session): Promise<'confirmed' | 'not-held'>;
  /** @throws DomainError, PortError. */
  show(credential: string): Promise<Shown>;
  /** Its credential is another, or has just been shown. */
  authorityChanged(session: Session): void;
}
