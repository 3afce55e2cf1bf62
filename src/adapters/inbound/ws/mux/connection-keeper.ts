import type { Duplex } from 'node:stream';
import type { Clock } from '../../../../application/ports/clock.ts';
import type { IdSource } from '../../../../application/ports/id-source.ts';
import type { SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';
import type { TokenBucket } from '../../../../domain/multiplexing/token-bucket.ts';
import type { Shown } from './authority.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { ErrorCode } from './codes.ts';
import type { MuxLimits } from './mux-limits.ts';
import type { MuxSession } from './mux-session.ts';
import type { ClientSocket } from './mux-socket.ts';
import type { MuxStats } from './mux-stats.ts';
import type { OpenAdmission } from './open-desk.ts';
import type { TurnClock } from './turn-clock.ts';

/** Why a session is no longer on a connection: it can be taken back (`closed`: its client said so), is over for good, or is on another. */
export type Gone = 'left' | 'closed' | 'ended' | 'moved';

/** What a connection is made of, once its WebSocket is open. */
export interface ConnectionParts {
  readonly socket: ClientSocket;
  /** What the WebSocket lies on. */
  readonly stream: Duplex;
  /** Whoever its credential named. */
  readonly shown: Shown;
  readonly requestId: string;
  readonly network: string;
  /** Whether frames may come and go in BATCH. */
  readonly batch: boolean;
}

/** What a connection asks of whoever keeps all of them. */
export interface ConnectionKeeper<Connection> extends OpenAdmission {
  readonly limits: MuxLimits;
  readonly clock: Clock;
  readonly turnClock: TurnClock;
  readonly ids: IdSource;
  readonly pool: BufferPool;
  readonly stats: MuxStats;
  show(credential: string): Promise<Shown>;
  /** What a session's frames draw from, which it keeps when it is closed and taken back. */
  bucketOf(id: SubscriberId): TokenBucket;
  confirm(session: MuxSession, connection: string): Promise<'confirmed' | 'not-held'>;
  onOpened(session: MuxSession): void;
  onAuthority(session: MuxSession): void;
  /** A connection has another credential. */
  onRenewed(connection: Connection): void;
  /** A session is over on its connection: the directory is to hear of it. */
  onClosed(session: MuxSession, connection: string, how: Gone): void;
  onGone(connection: Connection): void;
  /** An error is answered, or would be: what breaks a limit is recorded. */
  onError(code: ErrorCode, connection: Connection, session?: MuxSession): void;
  /** Told of what nobody foresaw. */
  onMistake(error: unknown, requestId: string): void;
}
