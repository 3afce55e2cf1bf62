import { defineRoute, type Route } from '../../route.ts';
import { loggedInUser } from '../acting-user.ts';
import * as answers from './answers.ts';
import type { ControlUseCases } from './control-use-cases.ts';
import { eventQuery, idPath, overviewQuery, ownedPageQuery, ownerQuery, pageQuery } from './fields.ts';
import { eventView, mcpServerView } from './views.ts';

type Uses = Pick<ControlUseCases, 'readEvents' | 'readMcpServers' | 'overview' | 'renderEvent'>;

/** What agents did and have. */
export const eventRoutes = (useCases: Uses): Route[] => [
  list(useCases),
  one(useCases),
  timeline(useCases),
  servers(useCases),
  overview(useCases),
];

const list = ({ readEvents, renderEvent }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/events',
    operationId: 'listEvents',
    summary: "Agents' events, newest first; each reading is audited",
    permission: 'control.review',
    query: eventQuery,
    answers: {
      200: { description: 'A page of events, shorter where they are large', schema: answers.eventList },
    },
    handle: async ({ principal, query, requestId }) => {
      const reader = loggedInUser(principal).userId;
      const { events, next } = await readEvents.execute({ reader, requestId, ...given(query) });
      const body = { events: events.map((event) => eventView(event, renderEvent)) };
      return { status: 200, body: { ...body, ...(next === undefined ? {} : { next }) } };
    },
  });

const one = ({ readEvents, renderEvent }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/events/:id',
    operationId: 'readEvent',
    summary: "An event, by the server's id or the newest by the agent's own; the reading is audited",
    permission: 'control.review',
    params: idPath,
    query: ownerQuery,
    answers: { 200: { description: 'The event', schema: answers.wholeEvent } },
    refusals: ['event.not_found'],
    handle: async ({ principal, params, query, requestId }) => {
      const reader = loggedInUser(principal).userId;
      const event = await readEvents.one({ reader, requestId, id: params.id, ...given(query) });
      return { status: 200, body: eventView(event, renderEvent) };
    },
  });

const timeline = ({ readEvents, renderEvent }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/sessions/:id/timeline',
    operationId: 'readTimeline',
    summary: "What happened in an agent's session, oldest first; each reading is audited",
    permission: 'control.review',
    params: idPath,
    query: ownedPageQuery,
    answers: {
      200: { description: 'A page of events, shorter where they are large', schema: answers.timeline },
    },
    handle: async ({ principal, params, query, requestId }) => {
      const reader = loggedInUser(principal).userId;
      const session = { reader, requestId, sessionId: params.id };
      const { events, next } = await readEvents.timeline({ ...session, ...given(query) });
      const body = { sessionId: params.id, events: events.map((event) => eventView(event, renderEvent)) };
      return { status: 200, body: { ...body, ...(next === undefined ? {} : { next }) } };
    },
  });

const servers = ({ readMcpServers }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/mcp/servers',
    operationId: 'listMcpServers',
    summary: 'The MCP servers that agents have said they have',
    permission: 'control.review',
    query: pageQuery,
    answers: { 200: { description: 'A page of servers', schema: answers.mcpServerList } },
    handle: async ({ query }) => {
      const { servers: found, next } = await readMcpServers.execute(given(query));
      const body = { servers: found.map(mcpServerView) };
      return { status: 200, body: { ...body, ...(next === undefined ? {} : { next }) } };
    },
  });

const overview = ({ overview }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/stats/overview',
    operationId: 'readOverview',
    summary: 'Counts of what agents did lately',
    permission: 'control.review',
    query: overviewQuery,
    answers: { 200: { description: 'The counts', schema: answers.overview } },
    handle: async ({ query }) => {
      const since = query.since;
      const counted = await overview.execute(since === undefined ? {} : { sinceMs: Date.parse(since) });
      const { sinceMs, ...counts } = counted;
      return { status: 200, body: { since: new Date(sinceMs).toISOString(), ...counts } };
    },
  });

/** The members that were said, as commands have them: left out and undefined are two things there. */
function given<T extends object>(query: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
