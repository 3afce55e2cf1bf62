import type { ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { Metrics } from '../ports/metrics.ts';

/** Most holds, and most grants, that one write of the sweeper closes: it must not keep streams waiting. */
export const SWEEP_BATCH = 100;

/** Closes holds whose time is over, each settled to its checkpoint, and lapses expired grants: one bounded batch. */
export class SweepLedger {
  readonly #deps: { ledger: ReservationLedger; clock: Clock; metrics: Metrics };

  constructor(deps: { ledger: ReservationLedger; clock: Clock; metrics: Metrics }) {
    this.#deps = deps;
  }

  /** `more`: the batch was full, so there may be more to do now. @throws PortError. */
  async execute(): Promise<{ holds: number; grants: number; more: boolean }> {
    const { ledger, clock, metrics } = this.#deps;
    const { holds, grants } = await ledger.expireDue(clock.nowMs(), SWEEP_BATCH);
    if (holds > 0) metrics.count('holdfast_holds_expired_total', {}, holds);
    if (grants > 0) metrics.count('holdfast_grants_lapsed_total', {}, grants);
    return { holds, grants, more: holds >= SWEEP_BATCH || grants >= SWEEP_BATCH };
  }
}
