import { z } from 'zod';
import type { ClosedHold } from '../../../../../application/ports/accounting/reservation-ledger.ts';
import type { ReservationOutcome } from '../../../../../domain/accounting/credit-reservation.ts';
import { microsToCredits } from '../../../../../domain/accounting/credits.ts';
import { invariant } from '../../../../../domain/invariant.ts';
import { isStreamId } from '../../../../../domain/streaming/stream-id.ts';
import { defineRoute, type Route } from '../../route.ts';
import type { AccountingUseCases } from './accounting-use-cases.ts';
import { abortAnswer, checkpointAnswer, extendAnswer, finalizeAnswer, holdAnswer } from './answers.ts';
import { name, tokens } from './fields.ts';
import { holdView, iso } from './views.ts';

type Uses = Pick<
  AccountingUseCases,
  'reserveCredit' | 'extendHold' | 'readCheckpoint' | 'settleHold' | 'releaseHold'
>;

const streamId = z
  .string()
  .refine(isStreamId, { message: 'must be a streaming session id' })
  .describe("The streaming session's id, which is also the reservation's");
/** Any text: one that is no id is as unknown as an id that nobody reserved. */
const anyId = name.describe("The streaming session's id");

/** What chat asks of accounting for each stream. */
export const holdRoutes = (useCases: Uses): Route[] => [
  initialize(useCases),
  extend(useCases),
  checkpoint(useCases),
  finalize(useCases),
  abort(useCases),
];

const initialize = ({ reserveCredit }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/streaming-sessions/initialize',
    operationId: 'initializeStreamingSession',
    summary: 'Hold the worst case of one call',
    permission: 'service',
    body: z.object({
      sessionId: streamId,
      userId: name.describe('An id or a username'),
      modelId: name,
      estimatedTokens: tokens.describe('Upper bound of the tokens of the prompt'),
    }),
    answers: {
      201: { description: 'The hold, with what it froze; the same for a repeat', schema: holdAnswer },
    },
    refusals: [
      'credit.insufficient',
      'model.not_found',
      'model.price_unknown',
      'user.not_found',
      'reservation.changed',
      'reservation.closed',
      'reservation.expired_id',
      'reservation.voided',
    ],
    async handle({ body }) {
      const { sessionId, userId, modelId, estimatedTokens } = body;
      const hold = await reserveCredit.execute({ id: sessionId, user: userId, modelId, estimatedTokens });
      return { status: 201, body: holdView(hold) };
    },
  });

const extend = ({ extendHold }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/streaming-sessions/extend',
    operationId: 'extendStreamingSession',
    summary: 'Renew a hold and store the usage so far',
    permission: 'service',
    body: z.object({
      sessionId: anyId,
      tokensSoFar: tokens.describe('Prompt and output so far: what expiry would settle to'),
    }),
    answers: { 200: { description: 'The renewed hold', schema: extendAnswer } },
    refusals: ['reservation.not_found', 'reservation.closed'],
    async handle({ body }) {
      const hold = await extendHold.execute({ id: body.sessionId, tokensSoFar: body.tokensSoFar });
      const answer: z.output<typeof extendAnswer> = {
        sessionId: hold.id,
        allocatedCredits: microsToCredits(hold.amountMicros),
        expiresAt: iso(hold.expiresAtMs),
      };
      return { status: 200, body: answer };
    },
  });

/** Asked by whoever ends a stream that it did not drive. It changes nothing, and is a POST because its kin are. */
const checkpoint = ({ readCheckpoint }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/streaming-sessions/checkpoint',
    operationId: 'readStreamingSessionCheckpoint',
    summary: 'The usage that the last renewal of a hold stored',
    permission: 'service',
    body: z.object({ sessionId: anyId }),
    answers: { 200: { description: 'What is proved of it so far', schema: checkpointAnswer } },
    refusals: ['reservation.not_found'],
    async handle({ body: { sessionId } }) {
      const tokensSoFar = await readCheckpoint.execute({ id: sessionId });
      const answer: z.output<typeof checkpointAnswer> = { sessionId, tokensSoFar };
      return { status: 200, body: answer };
    },
  });

const finalize = ({ settleHold }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/streaming-sessions/finalize',
    operationId: 'finalizeStreamingSession',
    summary: 'Charge what was used and give the rest back',
    permission: 'service',
    body: z.object({ sessionId: anyId, actualTokens: tokens, success: z.boolean().optional() }),
    answers: { 200: { description: 'What it came to; the same for a repeat', schema: finalizeAnswer } },
    refusals: ['reservation.not_found', 'reservation.changed'],
    async handle({ body }) {
      const closed = await settleHold.execute({
        id: body.sessionId,
        tokens: body.actualTokens,
        ...(body.success === undefined ? {} : { success: body.success }),
      });
      const { chargeMicros, refundMicros } = outcomeOf(closed);
      const answer: z.output<typeof finalizeAnswer> = {
        sessionId: closed.reservation.id,
        actualCredits: microsToCredits(chargeMicros),
        refund: microsToCredits(refundMicros),
        ...(closed.expiredBefore ? { expired: true } : {}),
      };
      return { status: 200, body: answer };
    },
  });

const abort = ({ releaseHold }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/streaming-sessions/abort',
    operationId: 'abortStreamingSession',
    summary: 'Charge what was produced before the abort and give the rest back',
    permission: 'service',
    body: z.object({
      sessionId: anyId,
      tokensGenerated: tokens.optional().describe('Prompt and output; the last checkpoint unless said'),
    }),
    answers: { 200: { description: 'What it came to; the same for a repeat', schema: abortAnswer } },
    refusals: ['reservation.not_found', 'reservation.changed'],
    async handle({ body }) {
      const closed = await releaseHold.execute({
        id: body.sessionId,
        ...(body.tokensGenerated === undefined ? {} : { tokens: body.tokensGenerated }),
      });
      const { chargeMicros, refundMicros } = outcomeOf(closed);
      const answer: z.output<typeof abortAnswer> = {
        sessionId: closed.reservation.id,
        partialCredits: microsToCredits(chargeMicros),
        refund: microsToCredits(refundMicros),
        ...(closed.expiredBefore ? { expired: true } : {}),
      };
      return { status: 200, body: answer };
    },
  });

function outcomeOf({ reservation }: ClosedHold): ReservationOutcome {
  invariant(reservation.outcome !== undefined, 'a closed hold has an outcome');
  return reservation.outcome;
}
