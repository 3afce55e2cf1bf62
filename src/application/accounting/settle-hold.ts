import type { ClosedHold, ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { reportUncollected } from './report-uncollected.ts';
import { reservationNotFound, storedId } from './stored-id.ts';

/** Charges what a call used and gives the rest of its hold back. */
export class SettleHold {
  readonly #deps: { ledger: ReservationLedger; clock: Clock; log: Log; metrics: Metrics };

  constructor(deps: { ledger: ReservationLedger; clock: Clock; log: Log; metrics: Metrics }) {
    this.#deps = deps;
  }

  /**
   * A repeat returns the stored result; after expiry, what expiry fixed.
   *
   * @throws DomainError `reservation.not_found`, `reservation.changed`; PortError.
   */
  async execute(command: { id: string; tokens: number; success?: boolean }): Promise<ClosedHold> {
    const { ledger, clock } = this.#deps;
    const id = storedId(command.id);
    if (id === undefined) throw reservationNotFound();
    const closed = await ledger.settle(id, command.tokens, command.success, clock.nowMs());
    reportUncollected(this.#deps, closed);
    return closed;
  }
}
