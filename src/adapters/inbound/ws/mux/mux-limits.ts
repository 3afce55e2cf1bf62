import type { Rate } from '../../../../domain/multiplexing/token-bucket.ts';

/** What an operator may set of multiplexed connections. */
export interface MuxLimits {
  readonly maxSessionsPerConnection: number;
  readonly maxConnectionsPerPrincipal: number;
  /** A session without DATA or EVENT either way for so long is closed, in milliseconds. */
  readonly sessionTimeoutMs: number;
  /** DATA, AUTH and PING of a session. */
  readonly sessionRate: Rate;
  /** Every frame of a connection. */
  readonly connectionRate: Rate;
  /** New OPENs of a principal. */
  readonly openRate: Rate;
  /** Events that a principal gets anew from what is kept, in bytes. */
  readonly replayRate: Rate;
  /** Longest payload of a session's frame, in bytes. */
  readonly maxMessageBytes: number;
  /** The greatest weight of a session, which it has unless it asks for less. */
  readonly weight: number;
}

const MINUTE_MS = 60_000;

/** The limits unless told otherwise. */
export const MUX_LIMITS: MuxLimits = {
  maxSessionsPerConnection: 100,
  maxConnectionsPerPrincipal: 20,
  sessionTimeoutMs: 300_000,
  sessionRate: { tokens: 1_000, perMs: MINUTE_MS, burst: 100 },
  connectionRate: { tokens: 20_000, perMs: MINUTE_MS, burst: 20_000 },
  openRate: { tokens: 60, perMs: MINUTE_MS, burst: 200 },
  replayRate: { tokens: 134_217_728, perMs: MINUTE_MS, burst: 134_217_728 },
  maxMessageBytes: 65_536,
  weight: 10,
};

/** Payloads that wait for a session's client, in bytes; a source that has more waits. */
export const OUTBOUND_QUEUE_BYTES = 1_048_576;
/** What a session's client may have sent that nobody has acted on, in bytes, each frame counted with its header. */
export const INBOUND_QUEUE_BYTES = 524_288;
/** Answers that wait for a connection's client, in bytes. */
export const CONNECTION_QUEUE_BYTES = 65_536;
/** Refusals in a row after which a session, or a connection, is closed. */
export const MAX_REFUSALS_IN_A_ROW = 10;
/** Most answers to frames of unknown handles, a second. */
export const UNKNOWN_HANDLES: Rate = { tokens: 10, perMs: 1_000, burst: 10 };
/** A client that takes nothing of what waits for it for so long is closed, in milliseconds. */
export const STALLED_MS = 30_000;
/** How often the server pings, in milliseconds. */
export const PING_EVERY_MS = 25_000;
/** How long a client may take to answer that, in milliseconds. */
export const PONG_WITHIN_MS = 10_000;
/** How long a client may take to answer the close of its socket, in milliseconds. */
export const FAREWELL_MS = 1_000;
