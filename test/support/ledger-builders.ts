import type { ReserveRequest } from '../../src/domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../src/domain/accounting/credit-grant.ts';
import { type CreditMicros, micros } from '../../src/domain/accounting/credits.ts';
import type { UserId } from '../../src/domain/identity/ids.ts';

/** A moment to count from, in unix milliseconds (2026-01-31T12:00:00Z). */
export const T0 = Date.UTC(2026, 0, 31, 12);
/** One day, in milliseconds. */
export const DAY_MS = 86_400_000;

/** A user id of its own for each number. */
export const user = (number: number): UserId => `u_${number.toString(16).padStart(32, '0')}` as UserId;

/** Whole credits as micro-credits. */
export const credits = (amount: number): CreditMicros => micros(amount * 1_000_000);

/** A stream's id of its own for each number. */
export const streamId = (number: number): string =>
  `stream-${T0 + number}-00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

/** A grant of 10 credits for 30 days, unless told otherwise. */
export function aGrant(facts: Partial<CreditGrant> = {}): CreditGrant {
  const amountMicros = facts.amountMicros ?? credits(10);
  return {
    id: 'grant-1',
    amountMicros,
    remainingMicros: amountMicros,
    grantedAtMs: T0,
    expiresAtMs: T0 + 30 * DAY_MS,
    source: 'allocation',
    grantedBy: 'system',
    ...facts,
  };
}

/** A request for 100 prompt tokens and at most 900 output tokens at 1 credit per 1,000 tokens: a hold of 1 credit. */
export function aRequest(facts: Partial<ReserveRequest> = {}): Omit<ReserveRequest, 'scaledTokens'> {
  return {
    id: streamId(1),
    modelId: 'handbook',
    estimatedTokens: 100,
    priceMicrosPer1000: credits(1),
    modelMaxOutputTokens: 900,
    capOutputTokens: 4_096,
    ...facts,
  };
}

/** Who acts in a test, at a time. */
export const act = (nowMs: number = T0): { readonly nowMs: number; readonly actor: string } => ({
  nowMs,
  actor: 'system',
});
