import type { MuxSession } from '../../../../client/mux/mux-session.ts';
import type { Latencies } from './latencies.ts';

/** A session at work, as it is shown. */
export interface SessionLoad {
  /** What it is called in the table. */
  readonly name: string;
  readonly session: MuxSession;
  /** From a message to its answer; of a chat, from one event to the next. */
  latencies: Latencies;
  /** Works until the signal is aborted, or the session is over. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}
