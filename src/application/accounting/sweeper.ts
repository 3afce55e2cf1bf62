import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Timers } from '../ports/timers.ts';
import type { SweepLedger } from './sweep-ledger.ts';

/** Time between two passes of the sweeper, in milliseconds. */
export const SWEEP_INTERVAL_MS = 5_000;
/** Most batches of one pass; what is left waits for the next one. */
export const MAX_SWEEP_BATCHES = 50;

/** Sweeps the ledger again and again until it is told to stop. A pass that fails is logged, and the next one tries again. */
export class Sweeper {
  readonly #deps: { sweep: SweepLedger; timers: Timers; log: Log; metrics: Metrics };

  constructor(deps: { sweep: SweepLedger; timers: Timers; log: Log; metrics: Metrics }) {
    this.#deps = deps;
  }

  /** Resolves when the signal has aborted and the batch in flight has ended; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { timers, log, metrics } = this.#deps;
    while (!signal.aborted) {
      try {
        await this.#pass(signal);
      } catch (error) {
        metrics.count('holdfast_sweeps_failed_total');
        log.warn({ err: error }, 'a sweep of the ledger failed');
      }
      await timers.sleep(SWEEP_INTERVAL_MS, signal).catch(() => undefined);
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    for (let batch = 0; batch < MAX_SWEEP_BATCHES && !signal.aborted; batch += 1) {
      const { holds, grants, more } = await this.#deps.sweep.execute();
      if (holds + grants > 0) this.#deps.log.info({ holds, grants }, 'expired holds and grants were closed');
      if (!more) return;
    }
  }
}
