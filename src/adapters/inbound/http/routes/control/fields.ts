import { z } from 'zod';
import { MAX_COMMENT_CHARACTERS } from '../../../../../application/control/reviews/resolve-review.ts';
import { MAX_AGENT_ID_UNITS } from '../../../../../domain/control/policy-book.ts';
import { MAX_ROUTE_NAME_UNITS } from '../../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../../../../domain/multiplexing/subscriber-owner.ts';
import { atMostCharacters } from '../limited-text.ts';
import { rowLimit } from '../paging.ts';

/** Entries of a page when the caller does not say. */
const DEFAULT_PAGE_ENTRIES = 20;
/** Longest cursor, in UTF-16 units: of session ids a list goes on after their names. */
const MAX_CURSOR_UNITS = MAX_ROUTE_NAME_UNITS;
/** Longest name of an owner that is looked at, in UTF-16 units. */
const MAX_OWNER_UNITS = 400;

const owner = z
  .string()
  .max(MAX_OWNER_UNITS)
  .regex(/^(agent|key|user):./, 'must be agent:<profile> or key:<id>')
  .transform((text) => text as SubscriberOwner);

/** Which page of a list. */
export const pageQuery = z.object({
  after: z.string().min(1).max(MAX_CURSOR_UNITS).describe('The `next` of the page before').optional(),
  limit: rowLimit(DEFAULT_PAGE_ENTRIES),
});
export const ownerQuery = z.object({ owner: owner.describe('Only what is of this owner').optional() });
export const ownedPageQuery = pageQuery.extend(ownerQuery.shape);
export const reviewQuery = pageQuery.extend({
  status: z.enum(['pending', 'approved', 'rejected', 'expired']).optional(),
});
export const eventQuery = ownedPageQuery.extend({
  sessionId: z.string().min(1).max(MAX_ROUTE_NAME_UNITS).optional(),
  agentId: z.string().min(1).max(MAX_AGENT_ID_UNITS).optional(),
});
export const overviewQuery = z.object({
  since: z.iso.datetime({ offset: true }).describe('24 hours ago unless said').optional(),
});

/** Any text may name a review, an event or a session: one that names none is not found. */
export const idPath = z.object({ id: z.string() });
export const agentPath = z.object({ agentId: z.string().min(1).max(MAX_AGENT_ID_UNITS) });
export const sessionPath = z.object({ sessionId: z.string() });

export const decisionBody = z
  .object({ comment: atMostCharacters(MAX_COMMENT_CHARACTERS, z.string().trim()).optional() })
  .prefault({});

/** The whole policy: a flag that is left out would be one that somebody did not think of. */
export const policyBody = z.object({
  mode: z.enum(['alert', 'hitl', 'block']),
  m0: z.boolean(),
  m2: z.boolean(),
  m3: z.boolean(),
  m4: z.boolean(),
  failClosedOnClassifierError: z.boolean(),
});
