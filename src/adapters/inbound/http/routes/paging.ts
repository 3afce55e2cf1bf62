import { z } from 'zod';

/** Most rows of one page, where a list has no lower bound of its own. */
const MAX_PAGE_ROWS = 100;
/** Highest page whose offset is still a safe integer by far. */
const MAX_PAGE = 1_000_000;

/** How many rows of a list: `unlessSaid` of them when the caller does not say, and never more than `most`. */
export const rowLimit = (unlessSaid: number, most = MAX_PAGE_ROWS) =>
  z.coerce.number().int().min(1).max(most).default(unlessSaid);

/** Which page of a list, counted from 1. */
export const pageNumber = z.coerce.number().int().min(1).max(MAX_PAGE).default(1);

/** Where a log is read on, from its beginning unless said. `member`: what an answer calls the cursor behind its page. */
export const logCursor = (member: string) =>
  z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(0)
    .describe(`The \`${member}\` of the page before`);
