import { StreamingSession, type StreamingSessionState } from '../../../domain/streaming/streaming-session.ts';
import type { EndElsewhere } from '../../fleet/end-elsewhere.ts';
import { PortError } from '../../ports/port-error.ts';
import { STOPPED } from './build-seal.ts';
import type { RunningStreams } from './running-streams.ts';

/** What stops streams, wherever they run. */
export interface EndStreamDeps {
  readonly running: RunningStreams;
  readonly elsewhere: EndElsewhere;
}

/** A stream that was stopped. */
export interface EndedStream {
  /** The session as it is now; undefined when it was removed meanwhile. */
  readonly session: StreamingSession | undefined;
  /** Whether this stop is what ended it, as far as can be told of another node. */
  readonly stoppedNow: boolean;
}

/**
 * Stops a running stream where it is driven, here or on another node.
 *
 * @returns undefined when it has ended here otherwise than by a seal of its own: read it again.
 * @throws PortError when the store is away.
 */
export async function endStream(
  { running, elsewhere }: EndStreamDeps,
  state: StreamingSessionState,
): Promise<EndedStream | undefined> {
  const runner = running.find(state.id);
  if (runner === undefined) {
    running.stop(state.id);
    const { session: ended, ranUntilNow } = await elsewhere.execute(state);
    const session = ended === undefined ? undefined : StreamingSession.restore(ended);
    const isStopped = ended?.state === 'stopped' && ended.end?.finishReason === 'stopped';
    return { session, stoppedNow: ranUntilNow && isStopped };
  }
  const stoppedNow = runner.end(STOPPED);
  const outcome = await runner.outcome;
  if (outcome.kind === 'stalled')
    throw new PortError('timeout', 'store', 'the stream could not be sealed yet');
  if (outcome.kind === 'lost') return undefined;
  return { session: StreamingSession.restore(outcome.session), stoppedNow };
}
