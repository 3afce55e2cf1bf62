import { z } from 'zod';
import {
  MAX_EMAIL_CHARACTERS,
  MAX_PASSWORD_CHARACTERS,
  MAX_USERNAME_CHARACTERS,
  MIN_PASSWORD_CHARACTERS,
} from '../../../../../domain/identity/account-rules.ts';
import { pageNumber, rowLimit } from '../paging.ts';

/** UTF-16 code units of one character at most: what bounds a field before its characters are counted. */
const UNITS_PER_CHARACTER = 2;
/** Longest refresh token that is looked at, in characters; ours have 43. */
const MAX_REFRESH_TOKEN_LENGTH = 512;
/** Accounts of one page when the caller does not say. */
const DEFAULT_PAGE_ROWS = 20;

export const username = z
  .string()
  .min(1)
  .max(MAX_USERNAME_CHARACTERS * UNITS_PER_CHARACTER)
  .describe(`1 to ${MAX_USERNAME_CHARACTERS} letters, digits and . _ @ + -; compared without case`);

export const email = z
  .string()
  .min(1)
  .max(MAX_EMAIL_CHARACTERS * UNITS_PER_CHARACTER)
  .describe(`An email address of at most ${MAX_EMAIL_CHARACTERS} characters`);

/** A password that is to be set; the rule counts characters, this bounds what it has to count. */
export const newPassword = z
  .string()
  .max(MAX_PASSWORD_CHARACTERS * UNITS_PER_CHARACTER)
  .describe(`${MIN_PASSWORD_CHARACTERS} to ${MAX_PASSWORD_CHARACTERS} characters`);

/** A password that is to be checked. */
export const password = z
  .string()
  .min(1)
  .max(MAX_PASSWORD_CHARACTERS * UNITS_PER_CHARACTER);

export const refreshToken = z.string().min(1).max(MAX_REFRESH_TOKEN_LENGTH);

export const role = z
  .enum(['admin', 'supervisor', 'user', 'enduser'])
  .describe('enduser is an alias of user');

/** The path of a route about one account. */
export const userPath = z.object({ id: username.describe('An id, or a username') });

/** Which accounts a list shows. */
export const userListQuery = z.object({
  query: z
    .string()
    .max(MAX_EMAIL_CHARACTERS)
    .default('')
    .describe('Part of a username or email; all accounts without it'),
  page: pageNumber,
  limit: rowLimit(DEFAULT_PAGE_ROWS),
});

/** Longest id of a login that is looked at, in characters; ours have 34. */
const MAX_LOGIN_ID_LENGTH = 128;

/** The path of a route about one login. */
export const sessionPath = z.object({ id: z.string().min(1).max(MAX_LOGIN_ID_LENGTH) });
