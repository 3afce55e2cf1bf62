import type { LiveTail } from '../../ports/streaming/live-tail.ts';
import type { Seal } from '../../ports/streaming/stream-repository.ts';
import type { Timers } from '../../ports/timers.ts';
import type { IntentSettler } from './intent-settler.ts';

/** How long the end of a stream waits for accounting's acknowledgement before its readers are told, in milliseconds. */
export const SETTLE_WAIT_MS = 2_000;

/** Settles a stream that was sealed a moment ago, or has waited long enough for it, and tells its readers the end. */
export async function announceEnd(
  { session, intent, terminal }: Seal,
  { settler, timers, tail }: { settler: IntentSettler; timers: Timers; tail: LiveTail },
): Promise<void> {
  const waited = new AbortController();
  const settled = settler.settle(intent).then(() => waited.abort());
  await Promise.race([settled, timers.sleep(SETTLE_WAIT_MS, waited.signal).catch(() => undefined)]);
  tail.publish(session.id, [terminal]);
}
