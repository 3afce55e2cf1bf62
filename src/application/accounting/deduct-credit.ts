import type { CreditMicros } from '../../domain/accounting/credits.ts';
import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdSource } from '../ports/id-source.ts';

/** The service that a spend without a stream is recorded under. */
const DEDUCTION_SERVICE = 'deduction';

/** Spends one's own credit at once, without a hold. */
export class DeductCredit {
  readonly #deps: { ledger: ReservationLedger; clock: Clock; ids: IdSource };

  constructor(deps: { ledger: ReservationLedger; clock: Clock; ids: IdSource }) {
    this.#deps = deps;
  }

  /** @throws DomainError `credit.insufficient`; PortError. */
  async execute(command: {
    userId: UserId;
    amountMicros: CreditMicros;
    requestId?: string;
  }): Promise<{ availableMicros: CreditMicros }> {
    const { ledger, clock, ids } = this.#deps;
    const { userId, amountMicros } = command;
    const spend = { id: ids.uuid(), amountMicros, service: DEDUCTION_SERVICE };
    const record: AuditRecord = {
      act: 'credit.deduct',
      outcome: 'done',
      actor: userId,
      object: userId,
      facts: { amountMicros, deductionId: spend.id },
      ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
    };
    const act = { nowMs: clock.nowMs(), actor: userId, audit: [record] };
    const { availableMicros } = await ledger.deduct(userId, spend, act);
    return { availableMicros };
  }
}
