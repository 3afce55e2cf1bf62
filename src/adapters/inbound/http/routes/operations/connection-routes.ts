import { z } from 'zod';
import type { KickConnection } from '../../../../../application/multiplexing/kick-connection.ts';
import type {
  FleetConnection,
  ListConnections,
} from '../../../../../application/multiplexing/list-connections.ts';
import type { SubscriberOwner } from '../../../../../domain/multiplexing/subscriber-owner.ts';
import { defineRoute, type Route } from '../../route.ts';
import { loggedInUser } from '../acting-user.ts';
import { rowLimit } from '../paging.ts';

/** Most connections of one page. */
const MAX_PAGE_CONNECTIONS = 50;
/** Connections of a page when the caller does not say. */
const DEFAULT_PAGE_CONNECTIONS = 20;
/** Longest principal that is asked for, in UTF-16 units. */
const MAX_PRINCIPAL_UNITS = 300;
/** Longest name of a session that is asked for, in UTF-16 units. */
const MAX_SESSION_ID_UNITS = 64;

const RATE = z.object({
  messagesIn: z.int(),
  messagesOut: z.int(),
  bytesIn: z.int(),
  bytesOut: z.int(),
});

const SESSION = z.object({
  sessionId: z.string(),
  kind: z.string(),
  principal: z.string(),
  epoch: z.int(),
  idleMs: z.int().describe('How long nothing went either way'),
  queuedBytes: z
    .object({ in: z.int(), out: z.int() })
    .describe('Frames that wait to be acted on, and to be sent'),
  perSecond: RATE.describe('Messages and payload bytes from (in) and to (out) the client, measured just now'),
  refused: z.int().describe('Frames of it that were refused since it was opened there'),
});

const CONNECTION = z.object({
  id: z.uuid(),
  node: z.string(),
  principal: z.string().describe('`user:<id>`, `agent:<profile>` or `key:<id>`'),
  network: z.string(),
  since: z.iso.datetime(),
  openSessions: z.int().describe('How many there are; at most 200 are listed'),
  sessions: z.array(SESSION),
});

const PAGE = z.object({
  connections: z.array(CONNECTION),
  next: z
    .uuid()
    .optional()
    .describe('What to ask with as `after` for the next page; without it this is the last'),
  missing: z.array(z.string()).describe('Nodes that did not answer in time, whose connections are not here'),
});

const MESSAGE = z.object({ message: z.string() });

const connectionId = z.uuid();

interface Uses {
  readonly listConnections: ListConnections;
  readonly kickConnection: KickConnection;
}

/** The multiplexed connections of all nodes, for operators. */
export const connectionRoutes = ({ listConnections, kickConnection }: Uses): Route[] => [
  defineRoute({
    method: 'get',
    path: '/api/ops/connections',
    operationId: 'listConnections',
    summary: 'The multiplexed connections of all nodes and the sessions on them, with rates and queues',
    permission: 'operations.read',
    query: z.object({
      limit: rowLimit(DEFAULT_PAGE_CONNECTIONS, MAX_PAGE_CONNECTIONS),
      after: connectionId.optional().describe('The `next` of the page before'),
      principal: z.string().max(MAX_PRINCIPAL_UNITS).optional().describe('Only those of this one'),
    }),
    answers: { 200: { description: 'A page of connections', schema: PAGE } },
    async handle({ query: { limit, after, principal } }) {
      const { connections, next, missing } = await listConnections.execute({
        limit,
        ...(after === undefined ? {} : { after }),
        ...(principal === undefined ? {} : { principal: principal as SubscriberOwner }),
      });
      const body = { connections: connections.map(connectionView), missing };
      return { status: 200, body: next === undefined ? body : { ...body, next } };
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/api/ops/connections/:id',
    operationId: 'kickConnection',
    summary: 'End a connection and its sessions, on whichever node it is',
    permission: 'operations.manage',
    params: z.object({ id: connectionId }),
    answers: { 200: { description: 'It is closed by 4502', schema: MESSAGE } },
    refusals: ['connection.not_found'],
    async handle({ principal, params, requestId }) {
      const by = loggedInUser(principal).userId;
      await kickConnection.execute({ connection: params.id, by, requestId });
      return { status: 200, body: { message: 'The connection is ended' } };
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/api/ops/connections/:id/sessions/:sessionId',
    operationId: 'kickSession',
    summary: 'End one session of a connection; the others go on',
    permission: 'operations.manage',
    params: z.object({ id: connectionId, sessionId: z.string().max(MAX_SESSION_ID_UNITS) }),
    answers: { 200: { description: 'It is closed by 4502 and cannot be resumed', schema: MESSAGE } },
    refusals: ['subscriber.not_found'],
    async handle({ principal, params, requestId }) {
      const by = loggedInUser(principal).userId;
      await kickConnection.execute({ connection: params.id, sessionId: params.sessionId, by, requestId });
      return { status: 200, body: { message: 'The session is ended' } };
    },
  }),
];

const connectionView = ({ sinceMs, ...connection }: FleetConnection): z.output<typeof CONNECTION> => ({
  ...connection,
  since: new Date(sinceMs).toISOString(),
  sessions: connection.sessions.map((session) => ({ ...session })),
});
