import type { ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import { reservationNotFound, storedId } from './stored-id.ts';

/** Tells the usage that a hold's last checkpoint proves, whatever has become of the hold. */
export class ReadCheckpoint {
  readonly #deps: { ledger: ReservationLedger };

  constructor(deps: { ledger: ReservationLedger }) {
    this.#deps = deps;
  }

  /** Tokens of prompt and output; 0 before the first checkpoint. @throws DomainError `reservation.not_found`; PortError. */
  async execute(command: { id: string }): Promise<number> {
    const id = storedId(command.id);
    const reservation = id === undefined ? undefined : await this.#deps.ledger.reservation(id);
    if (reservation === undefined || reservation.state === 'voided') throw reservationNotFound();
    return reservation.checkpointTokens;
  }
}
