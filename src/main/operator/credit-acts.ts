import { z } from 'zod';
import type { Balance } from '../../application/accounting/read-balance.ts';
import { MAX_GRANT_DAYS } from '../../domain/accounting/credit-grant.ts';
import { creditsToMicros, microsToCredits } from '../../domain/accounting/credits.ts';
import { MAX_TEXT_LENGTH } from '../../domain/streaming/chat-session.ts';
import { ALLOCATE_CREDIT, READ_BALANCE } from '../tokens/accounting.ts';
import { defineAct } from './define-act.ts';

const USER = z.string().min(1).max(256);

/** An account's credit as the operator sees it; amounts are credits. */
export interface CreditProfile {
  readonly user: string;
  readonly userId: string;
  readonly availableCredits: number;
  readonly heldCredits: number;
  readonly grants: ReadonlyArray<{
    readonly id: string;
    readonly credits: number;
    readonly expiresAtMs: number;
  }>;
}

/** What can be done with credit. */
export const CREDIT_ACTS = {
  'credits.grant': defineAct({
    input: z.strictObject({
      user: USER,
      credits: z.number().gt(0),
      expiryDays: z.number().int().min(1).max(MAX_GRANT_DAYS).optional(),
      notes: z.string().max(MAX_TEXT_LENGTH).optional(),
    }),
    needs: ALLOCATE_CREDIT,
    perform: async (container, { user, credits, expiryDays, notes }) => {
      const { account, grant, newMicros } = await container.get(ALLOCATE_CREDIT).execute({
        by: { userId: 'system', role: 'admin' },
        requestId: 'operator',
        account: { name: user },
        amountMicros: creditsToMicros(credits),
        ...(expiryDays === undefined ? {} : { expiryDays }),
        ...(notes === undefined ? {} : { notes }),
      });
      return {
        id: grant.id,
        user: account.username,
        userId: account.userId,
        credits: microsToCredits(grant.amountMicros),
        expiresAtMs: grant.expiresAtMs,
        availableCredits: microsToCredits(newMicros),
      };
    },
  }),
  'credits.show': defineAct({
    input: z.strictObject({ user: USER }),
    needs: READ_BALANCE,
    perform: async (container, { user }): Promise<CreditProfile> =>
      profileOf(user, await container.get(READ_BALANCE).execute({ account: { name: user } })),
  }),
} as const;

const profileOf = (user: string, balance: Balance): CreditProfile => ({
  user,
  userId: balance.userId,
  availableCredits: microsToCredits(balance.availableMicros),
  heldCredits: microsToCredits(balance.heldMicros),
  grants: balance.activeGrants.map(({ id, remainingMicros, expiresAtMs }) => ({
    id,
    credits: microsToCredits(remainingMicros),
    expiresAtMs,
  })),
});
