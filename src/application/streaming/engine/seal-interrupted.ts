import { StreamingSession, type StreamingSessionState } from '../../../domain/streaming/streaming-session.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Digest } from '../../ports/digest.ts';
import type { EventLog } from '../../ports/streaming/event-log.ts';
import type { Seal, StreamRepository } from '../../ports/streaming/stream-repository.ts';
import { buildSeal } from './build-seal.ts';
import { summariseLog } from './read-log.ts';

/**
 * Ends a running stream whose writer is gone as `interrupted`, billed to its last stored event: the prompt only when
 * a chunk is stored, because nothing else proves that the model was asked.
 *
 * @returns the seal, or undefined when the stream was not running any more.
 * @throws PortError when the store is away; try again.
 */
export async function sealInterrupted(
  state: StreamingSessionState,
  deps: { clock: Clock; digest: Digest; eventLog: EventLog; streams: StreamRepository },
): Promise<Seal | undefined> {
  const { text, hasChunk, outputTokens, lastOffset } = await summariseLog(deps.eventLog, state);
  const seal = buildSeal(
    StreamingSession.restore(state),
    { kind: 'interrupt' },
    { text, outputTokens, lastOffset, upstreamCalled: hasChunk },
    { nowMs: deps.clock.nowMs(), digest: deps.digest },
  );
  return (await deps.streams.seal(seal)) === 'sealed' ? seal : undefined;
}
