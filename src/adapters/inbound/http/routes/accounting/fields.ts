import { z } from 'zod';
import { MAX_REPORTED_TOKENS } from '../../../../../application/accounting/price-list.ts';
import { DEFAULT_USAGE_DAYS, MAX_USAGE_DAYS } from '../../../../../application/accounting/read-usage.ts';
import { DEFAULT_GRANT_DAYS, MAX_GRANT_DAYS } from '../../../../../domain/accounting/credit-grant.ts';
import {
  creditsToMicros,
  MAX_OPERATION_MICROS,
  MICROS_PER_CREDIT,
} from '../../../../../domain/accounting/credits.ts';
import { DomainError } from '../../../../../domain/domain-error.ts';
import { MAX_TEXT_LENGTH } from '../../../../../domain/streaming/chat-session.ts';
import { atMostCharacters } from '../limited-text.ts';
import { pageNumber, rowLimit } from '../paging.ts';

/** Longest id, username, model id or name of a service, in UTF-16 code units. */
const MAX_NAME_LENGTH = 256;
/** Longest email, in UTF-16 code units (RFC 5321, section 4.5.3.1). */
const MAX_EMAIL_LENGTH = 254;
/** Rows of a page when the caller does not say. */
const DEFAULT_PAGE_ROWS = 50;
/** Most credits of one operation. */
const MAX_CREDITS = MAX_OPERATION_MICROS / MICROS_PER_CREDIT;

function isAmount(credits: number): boolean {
  try {
    creditsToMicros(Math.abs(credits));
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

const amount = z
  .number()
  .max(MAX_CREDITS)
  .refine(isAmount, { message: 'must have at most six decimal places' });

/** An amount that may be nothing. */
export const credits = amount.min(0).describe('Credits, with at most six decimal places');
/** An amount that moves something. */
export const positiveCredits = amount.gt(0).describe('Credits above 0, with at most six decimal places');
/** A signed amount that moves something. */
export const signedCredits = amount
  .min(-MAX_CREDITS)
  .refine((value) => value !== 0, { message: 'must not be 0' })
  .describe('Credits to add, or to take away when negative, with at most six decimal places');

/** An id, a username, or the name of a model or service. */
export const name = z.string().min(1).max(MAX_NAME_LENGTH);
export const email = z.string().min(3).max(MAX_EMAIL_LENGTH);
export const notes = atMostCharacters(MAX_TEXT_LENGTH, z.string()).describe('Why; kept in the journal');
export const tokens = z.int().min(0).max(MAX_REPORTED_TOKENS);
export const expiryDays = z
  .int()
  .min(1)
  .max(MAX_GRANT_DAYS)
  .describe(`Days until the credit expires; ${DEFAULT_GRANT_DAYS} unless said`);

/** The path of a route about one account. */
export const accountPath = z.object({ userId: name.describe('An id or a username') });
/** How many rows of a list. */
export const rowsQuery = z.object({
  limit: rowLimit(DEFAULT_PAGE_ROWS),
});
/** Which page of a list, counted from 1. */
export const pageQuery = rowsQuery.extend({
  page: pageNumber,
});
/** Over how many days usage is summed up. */
export const daysQuery = z.object({
  days: z.coerce.number().int().min(1).max(MAX_USAGE_DAYS).default(DEFAULT_USAGE_DAYS),
});
