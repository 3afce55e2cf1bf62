import type { CreditGrant } from '../../domain/accounting/credit-grant.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import type { PrincipalDirectory } from '../ports/identity/principal-directory.ts';
import { accountOf } from './account-ref.ts';

/** Lists grants, newest first, of everybody or of one account. */
export class ListAllocations {
  readonly #deps: { ledger: ReservationLedger; directory: PrincipalDirectory };

  constructor(deps: { ledger: ReservationLedger; directory: PrincipalDirectory }) {
    this.#deps = deps;
  }

  /** `name` is an id or username. @throws DomainError `user.not_found`; PortError. */
  async execute(command: { name?: string; offset: number; limit: number }): Promise<{
    rows: ReadonlyArray<{ readonly userId: UserId; readonly grant: CreditGrant }>;
    total: number;
  }> {
    const { ledger, directory } = this.#deps;
    const { name, offset, limit } = command;
    if (name === undefined) return ledger.grants({ offset, limit });
    return ledger.grants({ userId: await accountOf(directory, { name }), offset, limit });
  }
}
