import { DomainError } from '../domain-error.ts';
import { invariant } from '../invariant.ts';

/** Money: an integer number of micro-credits, always a safe integer. 1 credit = 1,000,000. */
export type CreditMicros = number & { readonly __brand: 'CreditMicros' };

/** Micro-credits in one credit. */
export const MICROS_PER_CREDIT = 1_000_000;
/** Largest amount of one grant or of one operation, in micro-credits (1,000,000,000 credits). */
export const MAX_OPERATION_MICROS = 1_000_000_000_000_000 as CreditMicros;
/** Largest sum an account may ever have been granted, in micro-credits; keeps every sum a safe integer. */
export const MAX_ACCOUNT_MICROS = 4_000_000_000_000_000 as CreditMicros;

/** No credit at all. */
export const ZERO = 0 as CreditMicros;

/**
 * Takes an integer as micro-credits.
 *
 * @throws InvariantViolation when it is not a safe integer of at least 0.
 */
export function micros(value: number): CreditMicros {
  invariant(Number.isSafeInteger(value) && value >= 0, `not an amount of micro-credits: ${value}`);
  return value as CreditMicros;
}

/**
 * Reads a decimal number of credits, as callers send it, with at most six decimal places.
 *
 * @throws DomainError `credit.out_of_range` when it is negative, has more places, or passes `MAX_OPERATION_MICROS`.
 */
export function creditsToMicros(credits: number): CreditMicros {
  const scaled = Math.round(credits * MICROS_PER_CREDIT);
  const exact =
    Number.isFinite(credits) && Math.abs(scaled / MICROS_PER_CREDIT - credits) < 1e-9 * Math.max(1, credits);
  if (!exact || scaled < 0 || scaled > MAX_OPERATION_MICROS || !hasSixPlaces(credits)) {
    throw new DomainError(
      'credit.out_of_range',
      `Credits are a decimal number from 0 to ${MAX_OPERATION_MICROS / MICROS_PER_CREDIT} with at most six places`,
    );
  }
  return micros(scaled + 0);
}

/** JavaScript prints the shortest decimal that reads back as the same number, so its digits are the caller's. */
function hasSixPlaces(credits: number): boolean {
  const text = String(credits);
  const [mantissa = '', exponent = '0'] = text.split('e');
  const places = (mantissa.split('.')[1] ?? '').length - Number(exponent);
  return places <= 6;
}

/** Shows micro-credits as a decimal number of credits. */
export const microsToCredits = (amount: number): number => amount / MICROS_PER_CREDIT;

/**
 * The charge for tokens at a price in micro-credits per 1,000 tokens, rounded up to the micro-credit.
 *
 * @throws InvariantViolation when the product leaves the safe integers.
 */
export function chargeFor(tokens: number, priceMicrosPer1000: CreditMicros): CreditMicros {
  invariant(Number.isSafeInteger(tokens) && tokens >= 0, `not a number of tokens: ${tokens}`);
  const product = BigInt(tokens) * BigInt(priceMicrosPer1000);
  return micros(Number((product + 999n) / 1000n));
}

/** How many tokens an amount pays for at a price in micro-credits per 1,000 tokens; unbounded when free. */
export function tokensPaidBy(amount: CreditMicros, priceMicrosPer1000: CreditMicros): number {
  if (priceMicrosPer1000 === 0) return Number.MAX_SAFE_INTEGER;
  return Number((BigInt(amount) * 1000n) / BigInt(priceMicrosPer1000));
}
