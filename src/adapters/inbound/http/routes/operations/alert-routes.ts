import { z } from 'zod';
import type { ListAlerts } from '../../../../../application/alerts/list-alerts.ts';
import { ALERT_KINDS, type Alert } from '../../../../../domain/alerts/alert.ts';
import { defineRoute, type Route } from '../../route.ts';
import { logCursor, rowLimit } from '../paging.ts';

/** Alerts of a page when the caller does not say. */
const DEFAULT_PAGE_ALERTS = 50;

const ALERT = z.object({
  id: z.uuid(),
  at: z.iso.datetime().describe('When it was raised'),
  kind: z.enum(ALERT_KINDS),
  principal: z.string().describe('`user:<id>`, `agent:<profile>` or `key:<id>`'),
  count: z.int().describe('How often it was noticed so far; more of the same is counted into it for a while'),
  detail: z.string().describe('What was noticed, for people to read'),
});

const PAGE = z.object({
  alerts: z.array(ALERT),
  next: z.int().describe('What to ask with as `after` for what comes next'),
  hasMore: z.boolean(),
});

/** What operators are alerted to. */
export const alertRoutes = ({ listAlerts }: { readonly listAlerts: ListAlerts }): Route[] => [
  defineRoute({
    method: 'get',
    path: '/api/ops/alerts',
    operationId: 'listAlerts',
    summary:
      'Alerts of all nodes, those that were changed longest ago first; one that is counted on comes again',
    permission: 'operations.read',
    query: z.object({ limit: rowLimit(DEFAULT_PAGE_ALERTS), after: logCursor('next') }),
    answers: { 200: { description: 'A page of alerts', schema: PAGE } },
    async handle({ query }) {
      const page = await listAlerts.execute({ after: query.after, limit: query.limit });
      return { status: 200, body: { ...page, alerts: page.alerts.map(alertView) } };
    },
  }),
];

const alertView = ({ id, atMs, kind, principal, count, detail }: Alert): z.output<typeof ALERT> => ({
  id,
  at: new Date(atMs).toISOString(),
  kind,
  principal,
  count,
  detail,
});
