import type { Turn } from '../fleet/turn.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Timers } from '../ports/timers.ts';
import type { SweepLedger } from './sweep-ledger.ts';

/** Time between two passes of the sweeper, in milliseconds. */
export const SWEEP_INTERVAL_MS = 5_000;
/** Most batches of one pass; what is left waits for the next one. */
export const MAX_SWEEP_BATCHES = 50;

/** How long the turn to sweep is one node's without a pass of it, in milliseconds. */
export const SWEEP_TURN_MS = 3 * SWEEP_INTERVAL_MS;

interface Deps {
  readonly sweep: SweepLedger;
  readonly turn: Turn;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Sweeps the ledger again and again until it is told to stop, in turn with the other nodes. A pass that fails is logged, and the next one tries again. */
export class Sweeper {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Resolves when the signal has aborted and the batch in flight has ended; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { turn, timers, log, metrics } = this.#deps;
    while (!signal.aborted) {
      try {
        if (await turn.isOurs()) await this.#pass(signal);
      } catch (error) {
        metrics.count('holdfast_sweeps_failed_total');
        log.warn({ err: error }, 'a sweep of the ledger failed');
      }
      await timers.sleep(SWEEP_INTERVAL_MS, signal).catch(() => undefined);
    }
    await turn.leave();
  }

  async #pass(signal: AbortSignal): Promise<void> {
    for (let batch = 0; batch < MAX_SWEEP_BATCHES && !signal.aborted; batch += 1) {
      const { holds, grants, more } = await this.#deps.sweep.execute();
      if (holds + grants > 0) this.#deps.log.info({ holds, grants }, 'expired holds and grants were closed');
      if (!more) return;
    }
  }
}
