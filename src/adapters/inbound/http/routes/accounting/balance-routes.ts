import { z } from 'zod';
import { creditsToMicros, microsToCredits } from '../../../../../domain/accounting/credits.ts';
import { defineRoute, type Route } from '../../route.ts';
import { actingUser, loggedInUser } from '../acting-user.ts';
import type { AccountingUseCases } from './accounting-use-cases.ts';
import { balanceAnswer, checkAnswer, costAnswer, deductAnswer } from './answers.ts';
import { accountPath, credits, name, positiveCredits, tokens } from './fields.ts';
import { balanceView } from './views.ts';

type Uses = Pick<AccountingUseCases, 'readBalance' | 'checkCredit' | 'calculateCost' | 'deductCredit'>;

/** One's own credit: what there is, what something would cost, and spending it. */
export const balanceRoutes = (useCases: Uses): Route[] => [
  ownBalance(useCases, '/api/credits/balance', 'getBalance'),
  ownBalance(useCases, '/api/credits/total-balance', 'getTotalBalance'),
  balanceOf(useCases),
  check(useCases),
  calculate(useCases),
  deduct(useCases),
];

const ownBalance = ({ readBalance }: Uses, path: string, operationId: string): Route =>
  defineRoute({
    method: 'get',
    path,
    operationId,
    summary: 'Your credit',
    permission: 'credit.read-own',
    answers: { 200: { description: 'What you have', schema: balanceAnswer } },
    async handle({ principal }) {
      const { userId } = actingUser(principal);
      return { status: 200, body: balanceView(await readBalance.execute({ account: { userId } })) };
    },
  });

const balanceOf = ({ readBalance }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/credits/balance/:userId',
    operationId: 'getBalanceOf',
    summary: "Somebody's credit",
    permission: 'credit.read-any',
    params: accountPath,
    answers: { 200: { description: 'What he has', schema: balanceAnswer } },
    refusals: ['user.not_found'],
    async handle({ params }) {
      const balance = await readBalance.execute({ account: { name: params.userId } });
      return { status: 200, body: balanceView(balance) };
    },
  });

const check = ({ checkCredit }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/credits/check',
    operationId: 'checkCredit',
    summary: 'Whether there is enough credit',
    permission: 'credit.read-own',
    body: z.object({
      requiredCredits: credits,
      userId: name.describe('Id or username of another account; for admins').optional(),
    }),
    answers: { 200: { description: 'Whether there is enough now', schema: checkAnswer } },
    refusals: ['permission.denied', 'user.not_found'],
    async handle({ principal, body }) {
      const { sufficient, availableMicros } = await checkCredit.execute({
        by: loggedInUser(principal),
        requiredMicros: creditsToMicros(body.requiredCredits),
        ...(body.userId === undefined ? {} : { name: body.userId }),
      });
      const answer: z.output<typeof checkAnswer> = {
        sufficient,
        hasSufficientCredits: sufficient,
        credits: microsToCredits(availableMicros),
        requiredCredits: body.requiredCredits,
      };
      return { status: 200, body: answer };
    },
  });

const calculate = ({ calculateCost }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/credits/calculate',
    operationId: 'calculateCost',
    summary: 'What tokens of a model cost',
    permission: 'credit.read-own',
    body: z.object({ modelId: name, tokens }),
    answers: { 200: { description: 'The cost, rounded up to the micro-credit', schema: costAnswer } },
    refusals: ['model.not_found', 'model.price_unknown', 'credit.out_of_range'],
    async handle({ body }) {
      const answer: z.output<typeof costAnswer> = {
        credits: microsToCredits(await calculateCost.execute(body)),
        ...body,
      };
      return { status: 200, body: answer };
    },
  });

const deduct = ({ deductCredit }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/credits/deduct',
    operationId: 'deductCredit',
    summary: 'Spend your own credit',
    permission: 'credit.spend-own',
    body: z.object({ credits: positiveCredits }),
    answers: { 200: { description: 'It is spent', schema: deductAnswer } },
    refusals: ['credit.insufficient'],
    async handle({ principal, body, requestId }) {
      const { userId } = actingUser(principal);
      const amountMicros = creditsToMicros(body.credits);
      const { availableMicros } = await deductCredit.execute({ userId, amountMicros, requestId });
      const answer: z.output<typeof deductAnswer> = {
        success: true,
        message: 'Credits deducted successfully',
        deductedCredits: body.credits,
        remainingBalance: microsToCredits(availableMicros),
      };
      return { status: 200, body: answer };
    },
  });
