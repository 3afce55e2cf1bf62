import { z } from 'zod';
import type { ReadAudit, ReadRecord } from '../../../../../application/audit/read-audit.ts';
import { defineRoute, type Route } from '../../route.ts';
import { logCursor, rowLimit } from '../paging.ts';

/** Records of a page when the caller does not say. */
const DEFAULT_PAGE_RECORDS = 50;

const RECORD = z.object({
  cursor: z.int(),
  chain: z.string().describe('The chain that it belongs to: one for each start of a server'),
  seq: z.int().describe('Its number in the chain'),
  timestamp: z.iso.datetime(),
  act: z.string(),
  outcome: z.enum(['done', 'refused']),
  actor: z
    .string()
    .optional()
    .describe('A user id, `key:<id>`, `address:<network>`, `service` or `system`; nobody that is known'),
  object: z.string().optional().describe('The id of what it was done to'),
  requestId: z.string().optional(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  mac: z.string().describe('Its authentication code, made of the record and the code before it'),
});

const PAGE = z.object({
  records: z.array(RECORD),
  nextCursor: z.int(),
  hasMore: z.boolean(),
  heads: z
    .array(z.string())
    .describe('Where the chains of the last starts stand, newest first, for `holdfast doctor --audit-head`'),
});

/** The audit log of the service's own store. */
export const auditRoutes = ({ readAudit }: { readonly readAudit: ReadAudit }): Route[] => [
  defineRoute({
    method: 'get',
    path: '/api/audit',
    operationId: 'readAudit',
    summary: 'The audit log of this service, oldest first',
    permission: 'audit.read',
    query: z.object({ limit: rowLimit(DEFAULT_PAGE_RECORDS), after: logCursor('nextCursor') }),
    answers: { 200: { description: 'A page of the audit log', schema: PAGE } },
    async handle({ query }) {
      const page = await readAudit.execute({ afterCursor: query.after, limit: query.limit });
      return { status: 200, body: { ...page, records: page.records.map(recordView) } };
    },
  }),
];

function recordView({ record, atMs, ...place }: ReadRecord): z.output<typeof RECORD> {
  const { act, outcome, actor, object, requestId, facts } = record;
  return {
    ...place,
    timestamp: new Date(atMs).toISOString(),
    act,
    outcome,
    ...(actor === undefined ? {} : { actor }),
    ...(object === undefined ? {} : { object }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(facts === undefined ? {} : { facts: { ...facts } }),
  };
}
