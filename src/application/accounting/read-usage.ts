import type { ReservationLedger, UsageRecord, UsageTotals } from '../ports/accounting/reservation-ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { PrincipalDirectory } from '../ports/identity/principal-directory.ts';
import { type AccountRef, accountOf } from './account-ref.ts';

/** Days that usage is summed over when the caller does not say. */
export const DEFAULT_USAGE_DAYS = 30;
/** Most days that usage is summed over. */
export const MAX_USAGE_DAYS = 366;
/** Usage records shown beside the sums. */
const RECENT_USAGE_RECORDS = 20;
/** Milliseconds in a day. */
const DAY_MS = 86_400_000;

/** Usage summed up, with the newest records. */
export interface UsageReport {
  readonly sinceMs: number;
  readonly totals: UsageTotals;
  readonly recent: readonly UsageRecord[];
}

/** Sums up what was used, by one account or by everybody. */
export class ReadUsage {
  readonly #deps: { ledger: ReservationLedger; directory: PrincipalDirectory; clock: Clock };

  constructor(deps: { ledger: ReservationLedger; directory: PrincipalDirectory; clock: Clock }) {
    this.#deps = deps;
  }

  /** @throws DomainError `user.not_found`; PortError. */
  async execute(command: { account: AccountRef | 'everybody'; days: number }): Promise<UsageReport> {
    const { ledger, directory, clock } = this.#deps;
    const { account, days } = command;
    const who = account === 'everybody' ? {} : { userId: await accountOf(directory, account) };
    const sinceMs = Math.max(0, clock.nowMs() - days * DAY_MS);
    const [totals, recent] = await Promise.all([
      ledger.usageTotals({ ...who, sinceMs }),
      ledger.usage({ ...who, limit: RECENT_USAGE_RECORDS }),
    ]);
    return { sinceMs, totals, recent };
  }
}
