import type { Turn } from '../fleet/turn.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { Timers } from '../ports/timers.ts';

/** Streams expired in one write. */
export const EXPIRE_BATCH = 200;
/** Longest rest between two passes, in milliseconds; a retention that is shorter is looked at as often. */
export const EXPIRE_EVERY_MS = 60_000;

/** Rest between two passes for a retention, in milliseconds. */
const expiryRestMs = ({ retentionMs }: { readonly retentionMs: number }): number =>
  Math.min(EXPIRE_EVERY_MS, retentionMs);

/** How long the turn to expire streams is one node's without a pass of it, in milliseconds. */
export const expiryTurnMs = (settings: { readonly retentionMs: number }): number =>
  3 * expiryRestMs(settings);

interface Deps {
  readonly streams: StreamRepository;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly settings: { readonly retentionMs: number };
}

/** Expires, in the background and in turn with the other nodes, the streams that ended longer ago than they are kept. */
export class ExpireStreams {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Runs until the signal aborts. */
  async execute(command: { signal: AbortSignal }): Promise<void> {
    const { turn, timers, log, settings } = this.#deps;
    const restMs = expiryRestMs(settings);
    while (!command.signal.aborted) {
      const work = async (): Promise<unknown> => (await turn.isOurs()) && this.pass();
      await work().catch((error: unknown) => log.warn({ err: error }, 'old streams could not be expired'));
      await timers.sleep(restMs, command.signal).catch(() => undefined);
    }
    await turn.leave();
  }

  /** Expires all that is due now. Returns how many. */
  async pass(): Promise<number> {
    const { streams, clock, settings } = this.#deps;
    let expired = 0;
    for (;;) {
      const batch = await streams.expireEnded(clock.nowMs() - settings.retentionMs, EXPIRE_BATCH);
      expired += batch;
      if (batch < EXPIRE_BATCH) return expired;
    }
  }
}
