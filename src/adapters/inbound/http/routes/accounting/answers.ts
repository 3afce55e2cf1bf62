import { z } from 'zod';

const at = z.string().describe('Time as ISO 8601 in UTC');
const amount = z.number().describe('Credits');
const pagination = z.object({
  total: z.int(),
  pages: z.int(),
  currentPage: z.int(),
  perPage: z.int(),
});
const usageGroups = z.record(z.string(), z.object({ records: z.int(), tokens: z.int(), credits: amount }));
const recentUsage = z.object({
  id: z.string(),
  userId: z.string(),
  service: z.string(),
  modelId: z.string().optional(),
  sessionId: z.string().optional(),
  tokens: z.int(),
  credits: amount,
  timestamp: at,
});

/** What an account has. */
export const balanceAnswer = z.object({
  userId: z.string(),
  totalCredits: amount.describe('Available and held together'),
  availableCredits: amount,
  heldCredits: amount,
  activeAllocations: z.array(
    z.object({
      id: z.string(),
      credits: amount.describe('What is left of it'),
      originalCredits: amount,
      expiresAt: at,
      allocatedAt: at,
    }),
  ),
});

/** Whether an amount could be paid. */
export const checkAnswer = z.object({
  sufficient: z.boolean(),
  hasSufficientCredits: z.boolean(),
  credits: amount.describe('What is available'),
  requiredCredits: amount,
});

/** What tokens cost. */
export const costAnswer = z.object({ credits: amount, modelId: z.string(), tokens: z.int() });

/** A grant that was given. */
export const allocationAnswer = z.object({
  id: z.string(),
  userId: z.string(),
  username: z.string(),
  totalCredits: amount,
  remainingCredits: amount,
  expiresAt: at,
  allocatedAt: at,
  previousCredits: amount.describe('Available before'),
  newCredits: amount.describe('Available after'),
});

/** The same, of an account that was named by its email. */
export const emailAllocationAnswer = allocationAnswer.extend({ email: z.string() });

/** What an adjustment did to the available credit. */
export const adjustmentAnswer = z.object({
  userId: z.string(),
  username: z.string(),
  previousCredits: amount,
  newCredits: amount,
  changedCredits: amount.describe('Signed: what was really added or taken away'),
});

/** A spend without a hold. */
export const deductAnswer = z.object({
  success: z.literal(true),
  message: z.string(),
  deductedCredits: amount,
  remainingBalance: amount,
});

/** A page of grants. */
export const allocationsAnswer = z.object({
  allocations: z.array(
    z.object({
      id: z.string(),
      userId: z.string(),
      totalCredits: amount,
      remainingCredits: amount,
      allocatedAt: at,
      expiresAt: at,
      allocatedBy: z.string(),
      source: z.string(),
      notes: z.string().optional(),
    }),
  ),
  pagination,
});

/** A hold as it was frozen. */
export const holdAnswer = z.object({
  sessionId: z.string(),
  userId: z.string(),
  modelId: z.string(),
  allocatedCredits: amount,
  status: z.literal('active'),
  prices: z.object({ creditsPer1000Tokens: amount }),
  maxOutputTokens: z.int(),
  limitedBy: z.enum(['credit', 'model']).describe('What the maximum came from'),
  expiresAt: at,
});

/** A renewed hold. */
export const extendAnswer = z.object({ sessionId: z.string(), allocatedCredits: amount, expiresAt: at });

/** The usage that a hold's last renewal stored. */
export const checkpointAnswer = z.object({
  sessionId: z.string(),
  tokensSoFar: z.int().min(0).describe('Prompt and output; 0 before the first renewal'),
});

const expired = z.literal(true).optional().describe('The hold had expired before; nothing moved');
/** A settled hold. */
export const finalizeAnswer = z.object({
  sessionId: z.string(),
  actualCredits: amount,
  refund: amount,
  expired,
});
/** A released hold. */
export const abortAnswer = z.object({
  sessionId: z.string(),
  partialCredits: amount,
  refund: amount,
  expired,
});

/** Reservations, newest first. */
export const reservationsAnswer = z.array(
  z.object({
    sessionId: z.string(),
    userId: z.string(),
    modelId: z.string(),
    status: z.enum(['active', 'completed', 'aborted', 'expired']),
    allocatedCredits: amount,
    estimatedTokens: z.int(),
    usedTokens: z.int().describe('Reported so far, or in the end'),
    usedCredits: amount.optional(),
    refund: amount.optional(),
    success: z.boolean().optional(),
    startedAt: at,
    expiresAt: at,
    endedAt: at.optional(),
  }),
);

/** Usage summed up. */
export const usageAnswer = z.object({
  since: at,
  totalRecords: z.int(),
  totalTokens: z.int(),
  totalCredits: amount,
  byService: usageGroups,
  byDay: usageGroups,
  byModel: usageGroups,
  recentActivity: z.array(recentUsage),
});

/** One recorded usage. */
export const recordAnswer = recentUsage.extend({ message: z.string() });

/** A page of the journal. */
export const journalAnswer = z.object({
  entries: z.array(
    z.object({
      cursor: z.int(),
      id: z.string(),
      kind: z.string(),
      userId: z.string(),
      timestamp: at,
      reservationId: z.string().optional(),
      actor: z.string().optional(),
      note: z.string().optional(),
      uncollectedCredits: amount.optional(),
      account: z.record(z.string(), amount).describe('How the sums moved, signed'),
      grants: z.array(z.object({ id: z.string(), remainingCredits: amount.describe('Signed') })),
    }),
  ),
  nextCursor: z.int().describe('What to send as `after` for the next page'),
  hasMore: z.boolean(),
});
