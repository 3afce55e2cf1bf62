import { StreamingSession, type StreamingSessionState } from '../../../domain/streaming/streaming-session.ts';
import type { Digest } from '../../ports/digest.ts';
import type { EventLog } from '../../ports/streaming/event-log.ts';
import type { Seal, StreamRepository } from '../../ports/streaming/stream-repository.ts';
import { buildSeal, type Ending, STOPPED } from './build-seal.ts';
import { type CheckpointDeps, holdCheckpoint } from './hold-checkpoint.ts';
import { extendSummary, summariseLog } from './read-log.ts';

/** How often an end is tried against a writer that goes on: each try has the time between two of its appends. */
const MAX_TRIES = 50;

/** What became of an end that was not the driver's own. */
export type LogEnding =
  | { readonly kind: 'sealed'; readonly seal: Seal }
  /** Somebody else has ended it. */
  | { readonly kind: 'over' }
  /** Its writer was faster every time. */
  | { readonly kind: 'busy' };

/**
 * Ends a running stream that is not driven here with what its log or its hold's checkpoint proves, whichever is later:
 * the prompt is charged only when a chunk or a checkpoint of usage is stored, because nothing else proves that the model
 * was asked. Whoever still writes to it meets the end and stops. An accounting that stays away is not waited for. A stream
 * that somebody wishes stopped ends as stopped, whatever else it would have ended as.
 *
 * @throws PortError when the store is away; try again.
 */
export async function sealFromLog(
  state: StreamingSessionState,
  ending: Extract<Ending, { kind: 'interrupt' | 'stop' }>,
  deps: CheckpointDeps & { digest: Digest; eventLog: EventLog; streams: StreamRepository },
): Promise<LogEnding> {
  const { id, owner, chatId, promptTokens } = state;
  let session = StreamingSession.restore(state);
  let known = await summariseLog(deps.eventLog, state);
  const checkpoint = await holdCheckpoint(id, deps);
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const { text, hasChunk, lastOffset } = known;
    const outputTokens = Math.max(known.outputTokens, checkpoint - promptTokens);
    const produced = { text, outputTokens, lastOffset, upstreamCalled: hasChunk || checkpoint > 0 };
    const at = { nowMs: deps.clock.nowMs(), digest: deps.digest };
    const seal = buildSeal(session, session.isStopWished ? STOPPED : ending, produced, at);
    if ((await deps.streams.seal(seal)) === 'sealed') return { kind: 'sealed', seal };
    const found = await deps.streams.findOwned(owner, chatId, id);
    if (found?.session.state !== 'running') return { kind: 'over' };
    session = StreamingSession.restore(found.session);
    known = await extendSummary(deps.eventLog, id, known);
  }
  return { kind: 'busy' };
}
