import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../../application/ports/clock.ts';
import type { Digest } from '../../../../application/ports/digest.ts';
import type { IdSource } from '../../../../application/ports/id-source.ts';
import type { Timers } from '../../../../application/ports/timers.ts';

/** A stream that may be a terminal. */
export type MaybeTerminal<Stream> = Stream & { readonly isTTY?: boolean };

/** All that a command which talks to a server has of the world, so that a test can stand in for it. */
export interface CommandIo {
  readonly stdin: MaybeTerminal<Readable>;
  /** Results only. */
  readonly stdout: MaybeTerminal<Writable>;
  /** Talk and progress. */
  readonly stderr: MaybeTerminal<Writable>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdSource;
  readonly digest: Digest;
  /** Calls the listener at each SIGINT until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}
