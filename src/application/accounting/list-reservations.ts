import type { CreditReservationState } from '../../domain/accounting/credit-reservation.ts';
import type { ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import type { PrincipalDirectory } from '../ports/identity/principal-directory.ts';
import { type AccountRef, accountOf } from './account-ref.ts';

/** Lists reservations, newest first: open ones or all, of one account or of everybody. */
export class ListReservations {
  readonly #deps: { ledger: ReservationLedger; directory: PrincipalDirectory };

  constructor(deps: { ledger: ReservationLedger; directory: PrincipalDirectory }) {
    this.#deps = deps;
  }

  /** @throws DomainError `user.not_found`; PortError. */
  async execute(command: {
    account: AccountRef | 'everybody';
    openOnly: boolean;
    limit: number;
  }): Promise<readonly CreditReservationState[]> {
    const { ledger, directory } = this.#deps;
    const { account, openOnly, limit } = command;
    if (account === 'everybody') return ledger.reservations({ openOnly, limit });
    return ledger.reservations({ userId: await accountOf(directory, account), openOnly, limit });
  }
}
