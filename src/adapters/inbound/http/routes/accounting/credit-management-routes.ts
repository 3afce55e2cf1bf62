import { z } from 'zod';
import type { AccountRef } from '../../../../../application/accounting/account-ref.ts';
import type { AdjustmentTarget } from '../../../../../domain/accounting/adjust-credit.ts';
import { creditsToMicros, microsToCredits } from '../../../../../domain/accounting/credits.ts';
import type { DomainErrorCode } from '../../../../../domain/domain-error.ts';
import { defineRoute, type Route } from '../../route.ts';
import { loggedInUser } from '../acting-user.ts';
import type { AccountingUseCases } from './accounting-use-cases.ts';
import { adjustmentAnswer, allocationAnswer, allocationsAnswer, emailAllocationAnswer } from './answers.ts';
import {
  credits,
  email,
  expiryDays,
  name,
  notes,
  pageQuery,
  positiveCredits,
  signedCredits,
} from './fields.ts';
import { allocationView, grantView } from './views.ts';

type Uses = Pick<AccountingUseCases, 'allocateCredit' | 'adjustCredit' | 'listAllocations'>;

const grantFields = { expiryDays: expiryDays.optional(), notes: notes.optional() };
const REFUSALS: readonly DomainErrorCode[] = [
  'user.not_found',
  'permission.denied',
  'account.not_verified',
  'credit.out_of_range',
];

/** Giving credit to accounts and taking it away. */
export const creditManagementRoutes = (useCases: Uses): Route[] => [
  allocate(useCases),
  allocateByEmail(useCases),
  adjustment(useCases, {
    path: '/api/credits/set',
    operationId: 'setCredit',
    summary: 'Set the available credit of an account',
    amount: credits,
    target: (amount) => ({ to: creditsToMicros(amount) }),
  }),
  adjustment(useCases, {
    path: '/api/credits/remove',
    operationId: 'removeCredit',
    summary: 'Take available credit away, down to nothing at most',
    amount: positiveCredits,
    target: (amount) => ({ by: -creditsToMicros(amount) }),
  }),
  adjustment(useCases, {
    path: '/api/credits/adjust',
    operationId: 'adjustCredit',
    summary: 'Add available credit or take it away',
    amount: signedCredits,
    target: (amount) => ({ by: Math.sign(amount) * creditsToMicros(Math.abs(amount)) }),
  }),
  allocations(useCases),
];

const allocate = ({ allocateCredit }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/credits/allocate',
    operationId: 'allocateCredit',
    summary: 'Give credit to an account',
    permission: 'credit.allocate',
    body: z.object({
      userId: name.describe('An id or a username'),
      credits: positiveCredits,
      ...grantFields,
    }),
    bodyRefusal: 'Valid userId and credits required',
    answers: { 201: { description: 'The grant', schema: allocationAnswer } },
    refusals: ['user.not_found', 'credit.out_of_range'],
    async handle({ principal, body, requestId }) {
      const allocation = await allocateCredit.execute({
        by: loggedInUser(principal),
        account: { name: body.userId },
        requestId,
        amountMicros: creditsToMicros(body.credits),
        ...optional(body),
      });
      return { status: 201, body: allocationView(allocation) };
    },
  });

const allocateByEmail = ({ allocateCredit }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/credits/allocate-by-email',
    operationId: 'allocateCreditByEmail',
    summary: 'Give credit to the account with a verified email',
    permission: 'credit.manage',
    body: z.object({ email, credits: positiveCredits, ...grantFields }),
    bodyRefusal: 'Valid email and credits required',
    answers: { 201: { description: 'The grant', schema: emailAllocationAnswer } },
    refusals: REFUSALS,
    async handle({ principal, body, requestId }) {
      const allocation = await allocateCredit.execute({
        by: loggedInUser(principal),
        account: { email: body.email },
        requestId,
        amountMicros: creditsToMicros(body.credits),
        ...optional(body),
      });
      return { status: 201, body: { ...allocationView(allocation), email: allocation.account.email } };
    },
  });

interface AdjustmentKind {
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly amount: z.ZodNumber;
  readonly target: (amount: number) => AdjustmentTarget;
}

const adjustment = (
  { adjustCredit }: Uses,
  { path, operationId, summary, amount, target }: AdjustmentKind,
): Route =>
  defineRoute({
    method: 'post',
    path,
    operationId,
    summary,
    permission: 'credit.manage',
    body: z
      .object({
        userId: name.describe('An id or a username').optional(),
        email: email.describe('In place of userId, of a verified account').optional(),
        credits: amount,
        ...grantFields,
      })
      .refine((body) => body.userId !== undefined || body.email !== undefined, {
        path: ['userId'],
        message: 'is required',
      }),
    answers: { 200: { description: 'The available credit before and after', schema: adjustmentAnswer } },
    refusals: REFUSALS,
    async handle({ principal, body, requestId }) {
      const { account, previousMicros, newMicros } = await adjustCredit.execute({
        by: loggedInUser(principal),
        account: accountIn(body),
        requestId,
        target: target(body.credits),
        ...optional(body),
      });
      const answer: z.output<typeof adjustmentAnswer> = {
        userId: account.userId,
        username: account.username,
        previousCredits: microsToCredits(previousMicros),
        newCredits: microsToCredits(newMicros),
        changedCredits: microsToCredits(newMicros - previousMicros),
      };
      return { status: 200, body: answer };
    },
  });

const accountIn = (body: { userId?: string | undefined; email?: string | undefined }): AccountRef =>
  body.userId === undefined ? { email: body.email ?? '' } : { name: body.userId };

function optional(body: { expiryDays?: number | undefined; notes?: string | undefined }): {
  expiryDays?: number;
  notes?: string;
} {
  return {
    ...(body.expiryDays === undefined ? {} : { expiryDays: body.expiryDays }),
    ...(body.notes === undefined ? {} : { notes: body.notes }),
  };
}

const allocations = ({ listAllocations }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/credits/allocations/all',
    operationId: 'listAllocations',
    summary: 'All grants, newest first',
    permission: 'credit.read-any',
    query: pageQuery.extend({ userId: name.describe('An id or a username').optional() }),
    answers: { 200: { description: 'A page of grants', schema: allocationsAnswer } },
    refusals: ['user.not_found'],
    async handle({ query: { page, limit, userId } }) {
      const offset = (page - 1) * limit;
      const { rows, total } = await listAllocations.execute({
        offset,
        limit,
        ...(userId === undefined ? {} : { name: userId }),
      });
      const answer: z.output<typeof allocationsAnswer> = {
        allocations: rows.map(grantView),
        pagination: { total, pages: Math.ceil(total / limit), currentPage: page, perPage: limit },
      };
      return { status: 200, body: answer };
    },
  });
