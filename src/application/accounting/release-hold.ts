import type { ClosedHold, ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { reportUncollected } from './report-uncollected.ts';
import { reservationNotFound, storedId } from './stored-id.ts';

/** Charges what was produced before an abort and gives the rest of the hold back. */
export class ReleaseHold {
  readonly #deps: { ledger: ReservationLedger; clock: Clock; log: Log; metrics: Metrics };

  constructor(deps: { ledger: ReservationLedger; clock: Clock; log: Log; metrics: Metrics }) {
    this.#deps = deps;
  }

  /**
   * Without `tokens` the last checkpoint is charged. An id that nobody reserved is voided, and then not found.
   *
   * @throws DomainError `reservation.not_found`, `reservation.changed`; PortError.
   */
  async execute(command: { id: string; tokens?: number }): Promise<ClosedHold> {
    const { ledger, clock } = this.#deps;
    const id = storedId(command.id);
    if (id === undefined) throw reservationNotFound();
    const closed = await ledger.release(id, command.tokens, clock.nowMs());
    if (closed === 'unknown') throw reservationNotFound();
    reportUncollected(this.#deps, closed);
    return closed;
  }
}
