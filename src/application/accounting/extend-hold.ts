import type { CreditReservationState } from '../../domain/accounting/credit-reservation.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import { reservationNotFound, storedId } from './stored-id.ts';

/** Renews a hold's time and stores the usage so far as its checkpoint. */
export class ExtendHold {
  readonly #deps: { ledger: ReservationLedger; clock: Clock };

  constructor(deps: { ledger: ReservationLedger; clock: Clock }) {
    this.#deps = deps;
  }

  /** @throws DomainError `reservation.not_found`, `reservation.closed` when the hold is open no more; PortError. */
  async execute(command: { id: string; tokensSoFar: number }): Promise<CreditReservationState> {
    const { ledger, clock } = this.#deps;
    const id = storedId(command.id);
    if (id === undefined) throw reservationNotFound();
    const reservation = await ledger.extend(id, command.tokensSoFar, clock.nowMs());
    if (reservation === undefined) {
      throw new DomainError('reservation.closed', 'This streaming session has already ended');
    }
    return reservation;
  }
}
