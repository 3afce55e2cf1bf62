import { DEFAULT_GRANT_DAYS } from '../../domain/accounting/credit-grant.ts';

/** Milliseconds in a day of a grant's life. */
const DAY_MS = 86_400_000;

/** When credit that is given now expires, in unix milliseconds. */
export const grantExpiry = (nowMs: number, days = DEFAULT_GRANT_DAYS): number => nowMs + days * DAY_MS;
