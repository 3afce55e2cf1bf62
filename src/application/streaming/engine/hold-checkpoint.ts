import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import type { CreditHolds } from '../../ports/accounting/credit-holds.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { PortError } from '../../ports/port-error.ts';
import type { Timers } from '../../ports/timers.ts';

/** How long accounting is asked for a checkpoint in vain before a stream ends without it, in milliseconds. */
export const CHECKPOINT_WITHIN_MS = 3_000;
/** Rest between two questions, in milliseconds. */
const ASK_EVERY_MS = 500;
/** What the log of the program says of a stream that ends without its checkpoint. */
export const BILLED_BY_LOG_ALONE = 'accounting is away: a stream is billed to what its log alone proves';

/** What asking for a checkpoint takes. */
export interface CheckpointDeps {
  readonly holds: Pick<CreditHolds, 'checkpointOf'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * Tokens of prompt and output that accounting has proof of; 0 when it has none. An accounting that stays away keeps
 * nobody's readers waiting and no chat's slot taken: the stream then costs what its log proves, which is never more
 * than it used, and accounting charges what the end says.
 */
export async function holdCheckpoint(id: StreamId, deps: CheckpointDeps): Promise<number> {
  const { holds, clock, timers, log } = deps;
  const untilMs = clock.nowMs() + CHECKPOINT_WITHIN_MS;
  for (;;) {
    try {
      return (await holds.checkpointOf(id)) ?? 0;
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      if (clock.nowMs() >= untilMs) {
        log.warn({ streamId: id, err: error }, BILLED_BY_LOG_ALONE);
        return 0;
      }
      await timers.sleep(ASK_EVERY_MS);
    }
  }
}
