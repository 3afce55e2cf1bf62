import { z } from 'zod';
import { creditsToMicros } from '../../../../../domain/accounting/credits.ts';
import { defineRoute, type Route } from '../../route.ts';
import { actingUser } from '../acting-user.ts';
import type { AccountingUseCases } from './accounting-use-cases.ts';
import { recordAnswer, usageAnswer } from './answers.ts';
import { accountPath, credits, daysQuery, name, tokens } from './fields.ts';
import { usageRecordView, usageView } from './views.ts';

type Uses = Pick<AccountingUseCases, 'readUsage' | 'recordUsage'>;

/** What was used, and by whom. */
export const usageRoutes = (useCases: Uses): Route[] => [
  ownUsage(useCases),
  usageOf(useCases),
  systemUsage(useCases),
  record(useCases),
];

const ANSWERS = { 200: { description: 'Usage summed up', schema: usageAnswer } };

const ownUsage = ({ readUsage }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/usage/stats',
    operationId: 'getUsage',
    summary: 'Your usage',
    permission: 'credit.read-own',
    query: daysQuery,
    answers: ANSWERS,
    async handle({ principal, query }) {
      const { userId } = actingUser(principal);
      const report = await readUsage.execute({ account: { userId }, days: query.days });
      return { status: 200, body: usageView(report) };
    },
  });

const usageOf = ({ readUsage }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/usage/stats/:userId',
    operationId: 'getUsageOf',
    summary: "Somebody's usage",
    permission: 'credit.read-any',
    params: accountPath,
    query: daysQuery,
    answers: ANSWERS,
    refusals: ['user.not_found'],
    async handle({ params, query }) {
      const report = await readUsage.execute({ account: { name: params.userId }, days: query.days });
      return { status: 200, body: usageView(report) };
    },
  });

const systemUsage = ({ readUsage }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/usage/system-stats',
    operationId: 'getSystemUsage',
    summary: "Everybody's usage",
    permission: 'credit.read-any',
    query: daysQuery,
    answers: ANSWERS,
    async handle({ query }) {
      const report = await readUsage.execute({ account: 'everybody', days: query.days });
      return { status: 200, body: usageView(report) };
    },
  });

const record = ({ recordUsage }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/usage/record',
    operationId: 'recordUsage',
    summary: 'Record usage that another service has metered; it moves no credit',
    permission: 'service',
    body: z.object({
      id: name.describe('Names the record: a repeat changes nothing').optional(),
      userId: name.describe('An id or a username'),
      service: name,
      modelId: name.optional(),
      sessionId: name.optional(),
      tokens: tokens.default(0),
      credits: credits.default(0),
    }),
    answers: { 201: { description: 'It is recorded', schema: recordAnswer } },
    refusals: ['user.not_found', 'usage.changed'],
    async handle({ body }) {
      const { id, userId, service, modelId, sessionId, tokens: used } = body;
      const recorded = await recordUsage.execute({
        ...(id === undefined ? {} : { id }),
        user: userId,
        service,
        ...(modelId === undefined ? {} : { modelId }),
        ...(sessionId === undefined ? {} : { streamId: sessionId }),
        tokens: used,
        chargeMicros: creditsToMicros(body.credits),
      });
      const answer: z.output<typeof recordAnswer> = {
        message: 'Usage recorded successfully',
        ...usageRecordView(recorded),
      };
      return { status: 201, body: answer };
    },
  });
