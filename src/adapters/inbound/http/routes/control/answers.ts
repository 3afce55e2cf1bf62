import { z } from 'zod';
import { policyBody } from './fields.ts';

const timestamp = z.iso.datetime();
const next = z.string().describe('The cursor of the next page; absent on the last').optional();
const reviewStatus = z.enum(['pending', 'approved', 'rejected', 'expired']);
const event = z
  .unknown()
  .describe(
    'The event as its agent sent it, in the JSON form of proto3; members with empty values are left out',
  );
const madCode = z.string().describe('As it was found; empty where it could not be classified');

/** A review without its event. */
const reviewFacts = z.object({
  id: z.string(),
  eventId: z.string().describe("The agent's own id of the event"),
  eventRef: z.string().describe("The server's id of the event, for GET /api/events/:id"),
  owner: z.string().describe('`agent:<profile>`, or `key:<id>` for a key that is bound to none'),
  sessionId: z.string(),
  agentId: z.string().describe('What the agent calls itself'),
  madCode,
  reason: z.enum(['code_in_scope', 'classifier_error', 'too_many_reviews']),
  finding: z.string().describe("The classifier's sentence"),
  rule: z.string().optional(),
  status: reviewStatus,
  createdAt: timestamp,
  deadlineAt: timestamp.describe('Nobody having decided by then is a no'),
  resolvedAt: timestamp.optional(),
  resolvedBy: z.string().describe("The reviewer's user id; absent where the server decided").optional(),
  resolvedByName: z.string().describe('What the reviewer is called').optional(),
  comment: z.string().optional(),
});

export const wholeReview = reviewFacts.extend({ event });
export const reviewList = z.object({ reviews: z.array(wholeReview), next });
export const resolvedReview = z.object({
  status: reviewStatus,
  resolved: z.literal(true),
  notice: z
    .string()
    .describe('Something that the reviewer should know, such as that the agent is away')
    .optional(),
});

export const wholeEvent = z.object({
  id: z.string().describe("The server's own id"),
  eventId: z.string().describe("The agent's own id"),
  owner: z.string(),
  profile: z.string().describe('The agent profile that the key is bound to').optional(),
  sessionId: z.string(),
  runId: z.string(),
  agentId: z.string(),
  pairType: z.enum(['llm', 'tool', 'unspecified']),
  madCode,
  status: z.enum(['ok', 'error']).describe('Whether it could be classified'),
  reason: z.string().describe("The classifier's sentence"),
  rule: z.string().optional(),
  receivedAt: timestamp,
  delivery: z
    .enum(['none', 'waiting', 'due', 'delivered', 'lapsed'])
    .describe('How far the verdict is on its way to the agent'),
  verdict: z.object({
    madCode: z.string(),
    status: z.enum(['ok', 'error']),
    continueExecution: z.boolean().optional(),
  }),
  review: z.object({ id: z.string(), status: reviewStatus }).optional(),
  event,
});
export const eventList = z.object({ events: z.array(wholeEvent), next });
export const timeline = eventList.extend({ sessionId: z.string() });

export const policy = policyBody.extend({
  version: z.int().describe('Rises with each change of any policy'),
  agents: z.array(z.string()).describe('The agents with a policy of their own'),
});
export const agentPolicy = policyBody.extend({
  agentId: z.string(),
  isOwn: z.boolean().describe('Whether it is its own; else it is that of all'),
});

export const mcpServerList = z.object({
  servers: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      transport: z.string(),
      endpoint: z.string(),
      owner: z.string(),
      sessionId: z.string(),
      firstSeenAt: timestamp,
      lastSeenAt: timestamp,
    }),
  ),
  next,
});

export const overview = z.object({
  since: timestamp,
  events: z.int(),
  byCode: z.record(z.string(), z.int()).describe('The empty code stands for what could not be classified'),
  reviews: z.object({ pending: z.int(), approved: z.int(), rejected: z.int(), expired: z.int() }),
  due: z.int().describe('Verdicts that nobody has been seen to get'),
  sessions: z.int(),
});

const sessionOwner = z.object({
  sessionId: z.string(),
  owner: z.string(),
  claimedAt: timestamp,
  connected: z.boolean(),
  detachedAt: timestamp.optional(),
  leaseEndsAt: timestamp.describe('When it is free unless its owner comes back').optional(),
  network: z.string().describe('Where it was claimed from last').optional(),
});
export const ownerList = z.object({ owners: z.array(sessionOwner), next });
export const releasedOwner = z.object({ message: z.string(), sessionId: z.string(), owner: z.string() });
