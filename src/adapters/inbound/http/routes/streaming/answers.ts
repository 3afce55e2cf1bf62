import { z } from 'zod';

const timestamp = z.iso.datetime();

/** Pages, counted from 1. */
const pagination = z.object({
  total: z.int(),
  pages: z.int(),
  currentPage: z.int(),
  perPage: z.int(),
});

const metadata = z.record(z.string(), z.unknown());

const message = z.object({
  role: z.enum(['user', 'assistant']),
  content: z.string(),
  timestamp,
  metadata: metadata.describe("An answer's `state` tells how its stream ended").optional(),
});

const chat = z.object({
  sessionId: z.string(),
  title: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
  modelId: z.string(),
  metadata,
});

const model = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  capabilities: z.array(z.string()),
  creditCost: z.number().describe('Credits per 1,000 tokens, prompt and answer alike'),
  maxTokens: z.int().describe('Most output tokens of one answer'),
  available: z.boolean(),
});

export const createdChat = z.object({ sessionId: z.string(), title: z.string(), createdAt: timestamp });
export const chatList = z.object({ sessions: z.array(chat), pagination });
export const wholeChat = chat.extend({ messages: z.array(message) });
export const renamedChat = chat.extend({ message: z.string() });
export const deletedChat = z.object({ message: z.string(), sessionId: z.string() });
export const messageList = z.object({ messages: z.array(message) });
export const answeredMessage = z.object({
  message: z.string(),
  sessionId: z.string(),
  aiResponse: z.string(),
  tokensUsed: z.int(),
});
export const stoppedStream = z.object({
  sessionId: z.string(),
  streamingSessionId: z.string(),
  state: z.enum(['finished', 'stopped', 'failed', 'interrupted', 'accepted']),
  tokensUsed: z.int(),
  creditsCharged: z.number(),
});
export const acceptedUpdate = z.object({
  message: z.string(),
  sessionId: z.string(),
  streamingSessionId: z.string(),
  tokensUsed: z.int().describe("The server's own count"),
  creditsCharged: z.number(),
  receipt: z.enum(['exact', 'partial', 'stopped']),
  receivedCharacters: z.int().describe('Code points, with `partial`').optional(),
});
export const userList = z.object({
  users: z.array(z.object({ _id: z.string(), username: z.string(), sessionCount: z.int() })),
  pagination,
});
export const modelList = z.object({ models: z.array(model) });
export const recommendation = z.object({
  recommendedModel: z.string(),
  reason: z.string(),
  modelDetails: model,
});
