import type { NodeId } from '../../../../domain/streaming/node-id.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';

/** Collections of what nodes hold, and of what is counted for all of them. */
export const LEASES = 'leases';
export const ATTEMPTS = 'attempts';

export const READER_MARKS = 'reader_marks';

/** What one node says of its readers. */
export interface ReaderMarkDocument {
  readonly _id: NodeId;
  readonly streams: readonly StreamId[];
  /** By the clock that all nodes have. */
  readonly atMs: number;
  /** By the server's clock: what it forgets the mark by. */
  readonly markedAt: Date;
}

/** The name of one lease; without a holder it is free. Times are the server's. */
export interface LeaseDocument {
  /** The name. */
  readonly _id: string;
  readonly holder?: string;
  readonly token: number;
  readonly untilMs: number;
  /** When it was freed; long after that it is forgotten. */
  readonly freedAt?: Date;
}

/** The window of one key of one rule. Times are the server's. */
export interface AttemptDocument {
  /** The rule's name and the key. */
  readonly _id: string;
  readonly count: number;
  /** Names the window, apart from any other of the key. */
  readonly window?: string;
  /** Whether the last attempt was counted. */
  readonly counted: boolean;
  readonly endsAtMs: number;
  /** When the last attempt was made. */
  readonly atMs: number;
  /** The same as `endsAtMs`: what the server forgets it by. */
  readonly endsAt: Date;
}

/** The server's clock in unix milliseconds, within an expression. */
export const NOW_MS = { $toLong: '$$NOW' } as const;
