import { bySpendingOrder, type CreditGrant } from '../../domain/accounting/credit-grant.ts';
import type { CreditMicros } from '../../domain/accounting/credits.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { PrincipalDirectory } from '../ports/identity/principal-directory.ts';
import { type AccountRef, accountOf } from './account-ref.ts';

/** What an account has. */
export interface Balance {
  readonly userId: UserId;
  readonly availableMicros: CreditMicros;
  readonly heldMicros: CreditMicros;
  /** Grants with credit left that have not expired, in the order of spending. */
  readonly activeGrants: readonly CreditGrant[];
}

/** Reads an account's balance: one's own, or anybody's by id, username or email. */
export class ReadBalance {
  readonly #deps: { ledger: ReservationLedger; directory: PrincipalDirectory; clock: Clock };

  constructor(deps: { ledger: ReservationLedger; directory: PrincipalDirectory; clock: Clock }) {
    this.#deps = deps;
  }

  /** @throws DomainError `user.not_found`; PortError. */
  async execute(command: { account: AccountRef }): Promise<Balance> {
    const { ledger, directory, clock } = this.#deps;
    const userId = await accountOf(directory, command.account);
    const nowMs = clock.nowMs();
    const { availableMicros, heldMicros, grants } = await ledger.account(userId, nowMs);
    const activeGrants = grants
      .filter((grant) => grant.remainingMicros > 0 && grant.expiresAtMs > nowMs)
      .sort(bySpendingOrder);
    return { userId, availableMicros, heldMicros, activeGrants };
  }
}
