import type { CreditMicros } from '../../domain/accounting/credits.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { UserPrincipal } from '../../domain/identity/principal.ts';
import type { ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { PrincipalDirectory } from '../ports/identity/principal-directory.ts';
import { accountOf } from './account-ref.ts';

/** Tells whether an account could pay an amount now. It reserves nothing, so the answer is a hint, no promise. */
export class CheckCredit {
  readonly #deps: { ledger: ReservationLedger; directory: PrincipalDirectory; clock: Clock };

  constructor(deps: { ledger: ReservationLedger; directory: PrincipalDirectory; clock: Clock }) {
    this.#deps = deps;
  }

  /** @throws DomainError `permission.denied` when somebody but an admin names another's account; `user.not_found`. */
  async execute(command: {
    by: UserPrincipal;
    requiredMicros: CreditMicros;
    /** An id or username; the caller's own account when absent. */
    name?: string;
  }): Promise<{ sufficient: boolean; availableMicros: CreditMicros }> {
    const { ledger, directory, clock } = this.#deps;
    const { by, name, requiredMicros } = command;
    const own = name === undefined || name === by.userId || name === by.username;
    if (!own && by.role !== 'admin') {
      throw new DomainError('permission.denied', "Only an admin may check another's credit");
    }
    const userId = await accountOf(directory, own ? { userId: by.userId } : { name });
    const { availableMicros } = await ledger.account(userId, clock.nowMs());
    return { sufficient: availableMicros >= requiredMicros, availableMicros };
  }
}
