import type { MongoStore } from '../../adapters/outbound/mongo/mongo-store.ts';
import { AnchoredClock } from '../../adapters/outbound/system/anchored-clock.ts';
import { SystemClock } from '../../adapters/outbound/system/system-clock.ts';
import { SystemTimers } from '../../adapters/outbound/system/system-timers.ts';
import type { Log } from '../../application/ports/log.ts';

/** How often the clock is anchored anew, in milliseconds. */
const ANCHOR_EVERY_MS = 60_000;
/** Rest before the next try when it could not be, in milliseconds. */
const RETRY_MS = 5_000;
/** From here on it is told that clocks differ, in milliseconds. */
const NOTEWORTHY_MS = 10_000;

/** The clock that all nodes of a fleet have in common. */
export interface FleetClock {
  readonly clock: AnchoredClock;
  /** Anchors it no more; waits for nothing, since a store that is away may keep an answer for long. */
  stop(): void;
}

/** Anchors a clock to MongoDB's, and anchors it again each minute. @throws as the store does, or Error when it is slow. */
export async function startFleetClock(store: MongoStore, log: Log): Promise<FleetClock> {
  const clock = await AnchoredClock.start({
    monotonicMs: () => performance.now(),
    ask: () => store.serverTimeMs(),
  });
  tellDifference(clock, log);
  const stopping = new AbortController();
  void keepAnchored(clock, log, stopping.signal);
  return { clock, stop: () => stopping.abort(new Error('the server stops')) };
}

/** Whoever reads the log beside another machine's may wonder. */
function tellDifference(clock: AnchoredClock, log: Log): void {
  const aheadMs = new SystemClock().nowMs() - clock.nowMs();
  if (Math.abs(aheadMs) < NOTEWORTHY_MS) return;
  log.warn(
    { aheadMs },
    "this machine's clock is not MongoDB's: MongoDB's counts, and lines of this log show this one's",
  );
}

/** Never rejects. */
async function keepAnchored(clock: AnchoredClock, log: Log, signal: AbortSignal): Promise<void> {
  const timers = new SystemTimers();
  let restMs = ANCHOR_EVERY_MS;
  while (!signal.aborted) {
    await timers.sleep(restMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const { aheadMs, boundMs } = await clock.anchor();
      log.debug({ aheadMs, boundMs }, "the clock was anchored to MongoDB's");
      if (Math.abs(aheadMs) >= NOTEWORTHY_MS)
        log.warn({ aheadMs }, "MongoDB's clock was set: time follows it");
      restMs = ANCHOR_EVERY_MS;
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error }, 'the clock could not be anchored, and goes on from when it was');
      restMs = RETRY_MS;
    }
  }
}
