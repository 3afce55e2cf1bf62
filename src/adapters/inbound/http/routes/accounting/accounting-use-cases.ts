import type { AdjustCredit } from '../../../../../application/accounting/adjust-credit.ts';
import type { AllocateCredit } from '../../../../../application/accounting/allocate-credit.ts';
import type { CalculateCost } from '../../../../../application/accounting/calculate-cost.ts';
import type { CheckCredit } from '../../../../../application/accounting/check-credit.ts';
import type { DeductCredit } from '../../../../../application/accounting/deduct-credit.ts';
import type { ExtendHold } from '../../../../../application/accounting/extend-hold.ts';
import type { ListAllocations } from '../../../../../application/accounting/list-allocations.ts';
import type { ListReservations } from '../../../../../application/accounting/list-reservations.ts';
import type { ReadBalance } from '../../../../../application/accounting/read-balance.ts';
import type { ReadCheckpoint } from '../../../../../application/accounting/read-checkpoint.ts';
import type { ReadJournal } from '../../../../../application/accounting/read-journal.ts';
import type { ReadUsage } from '../../../../../application/accounting/read-usage.ts';
import type { RecordUsage } from '../../../../../application/accounting/record-usage.ts';
import type { ReleaseHold } from '../../../../../application/accounting/release-hold.ts';
import type { ReserveCredit } from '../../../../../application/accounting/reserve-credit.ts';
import type { SettleHold } from '../../../../../application/accounting/settle-hold.ts';

/** What the accounting routes ask. */
export interface AccountingUseCases {
  readonly readBalance: ReadBalance;
  readonly checkCredit: CheckCredit;
  readonly calculateCost: CalculateCost;
  readonly allocateCredit: AllocateCredit;
  readonly adjustCredit: AdjustCredit;
  readonly deductCredit: DeductCredit;
  readonly listAllocations: ListAllocations;
  readonly reserveCredit: ReserveCredit;
  readonly extendHold: ExtendHold;
  readonly readCheckpoint: ReadCheckpoint;
  readonly settleHold: SettleHold;
  readonly releaseHold: ReleaseHold;
  readonly listReservations: ListReservations;
  readonly readUsage: ReadUsage;
  readonly recordUsage: RecordUsage;
  readonly readJournal: ReadJournal;
}
