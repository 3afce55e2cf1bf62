import { defineRoute, type Route } from '../../route.ts';
import { loggedInUser } from '../acting-user.ts';
import * as answers from './answers.ts';
import type { ControlUseCases } from './control-use-cases.ts';
import { ownedPageQuery, sessionPath } from './fields.ts';
import { ownerView } from './views.ts';

type Uses = Pick<ControlUseCases, 'sessionOwners'>;

/** Whom agents' session ids belong to, for whoever has to undo that. */
export const ownerRoutes = ({ sessionOwners }: Uses): Route[] => [
  defineRoute({
    method: 'get',
    path: '/api/ops/owners',
    operationId: 'listSessionOwners',
    summary: "Whom agents' session ids belong to, by id",
    permission: 'control.manage',
    query: ownedPageQuery,
    answers: { 200: { description: 'A page of owners', schema: answers.ownerList } },
    handle: async ({ query }) => {
      const { owner, after, limit } = query;
      const { owners, next } = await sessionOwners.list({
        ...(owner === undefined ? {} : { owner }),
        ...(after === undefined ? {} : { after }),
        limit,
      });
      return {
        status: 200,
        body: { owners: owners.map(ownerView), ...(next === undefined ? {} : { next }) },
      };
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/api/ops/owners/:sessionId',
    operationId: 'releaseSessionOwner',
    summary: 'Take a session id from its owner; its connections are closed',
    permission: 'control.manage',
    params: sessionPath,
    answers: { 200: { description: 'Whoever claims it next has it', schema: answers.releasedOwner } },
    refusals: ['subscriber.not_found'],
    handle: async ({ principal, params: { sessionId }, requestId }) => {
      const by = loggedInUser(principal).userId;
      const { owner } = await sessionOwners.release({ sessionId, by, requestId });
      return { status: 200, body: { message: 'Session id released', sessionId, owner } };
    },
  }),
];
