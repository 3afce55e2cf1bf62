import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { Timers } from '../ports/timers.ts';

/** Streams expired in one write. */
export const EXPIRE_BATCH = 200;
/** Longest rest between two passes, in milliseconds; a retention that is shorter is looked at as often. */
export const EXPIRE_EVERY_MS = 60_000;

interface Deps {
  readonly streams: StreamRepository;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly settings: { readonly retentionMs: number };
}

/** Expires, in the background, the streams that ended longer ago than they are kept. */
export class ExpireStreams {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Runs until the signal aborts. */
  async execute(command: { signal: AbortSignal }): Promise<void> {
    const restMs = Math.min(EXPIRE_EVERY_MS, this.#deps.settings.retentionMs);
    while (!command.signal.aborted) {
      await this.pass().catch((error: unknown) =>
        this.#deps.log.warn({ err: error }, 'old streams could not be expired'),
      );
      await this.#deps.timers.sleep(restMs, command.signal).catch(() => undefined);
    }
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
