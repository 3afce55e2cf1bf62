import { MAX_RUNNING_STREAMS_PER_USER } from '../../domain/streaming/chat-session.ts';

/** What an operator may set of streams. All times in milliseconds. */
export interface StreamSettings {
  /** A stream that nobody reads goes on for so long; 0 stops it as soon as its last reader has gone. */
  readonly readerlessDeadlineMs: number;
  /** No stream runs longer. */
  readonly maxDurationMs: number;
  /** What has ended can be named, resumed and replayed for so long. */
  readonly retentionMs: number;
  /** An event that cannot be stored for so long ends its stream. */
  readonly storeStallMs: number;
  /** Most readers of one stream, and most observers. */
  readonly maxReaders: number;
  /** Most streams one user may have running at once. */
  readonly maxRunningPerUser: number;
}

/** What holds where the operator says nothing. */
export const DEFAULT_STREAM_SETTINGS: StreamSettings = {
  readerlessDeadlineMs: 120_000,
  maxDurationMs: 900_000,
  retentionMs: 86_400_000,
  storeStallMs: 10_000,
  maxReaders: 32,
  maxRunningPerUser: MAX_RUNNING_STREAMS_PER_USER,
};
