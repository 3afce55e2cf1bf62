import type { CreditMicros } from './credits.ts';

/** How a grant came to be. */
export type GrantSource = 'allocation' | 'adjustment' | 'demo';

/** Credit given to an account: spent earliest expiry first, gone when its time has passed. */
export interface CreditGrant {
  readonly id: string;
  readonly amountMicros: CreditMicros;
  readonly remainingMicros: CreditMicros;
  readonly grantedAtMs: number;
  readonly expiresAtMs: number;
  readonly source: GrantSource;
  /** Who gave it: a user id or `system`. */
  readonly grantedBy: string;
  readonly notes?: string;
  /** Set once its time has passed with credit left: it stays gone, even when a clock steps back. */
  readonly lapsed?: true;
}

/** Days a grant lives when its giver does not say. */
export const DEFAULT_GRANT_DAYS = 30;
/** Most days a grant may live. */
export const MAX_GRANT_DAYS = 3_650;

/** The order of spending: earliest expiry first, then the older grant, then the id. */
export function bySpendingOrder(left: CreditGrant, right: CreditGrant): number {
  if (left.expiresAtMs !== right.expiresAtMs) return left.expiresAtMs - right.expiresAtMs;
  if (left.grantedAtMs !== right.grantedAtMs) return left.grantedAtMs - right.grantedAtMs;
  return left.id < right.id ? -1 : left.id > right.id ? 1 : 0;
}
