import type { ModelDescription } from '../../../../../application/ports/streaming/model-catalog.ts';
import { microsToCredits } from '../../../../../domain/accounting/credits.ts';
import type { ChatMessage, ChatSummary } from '../../../../../domain/streaming/chat-session.ts';

const timestamp = (ms: number): string => new Date(ms).toISOString();

/** A chat as lists show it. */
export const chatView = (chat: ChatSummary) => ({
  sessionId: chat.id,
  title: chat.title,
  createdAt: timestamp(chat.createdAtMs),
  updatedAt: timestamp(chat.updatedAtMs),
  modelId: chat.modelId,
  metadata: chat.source === undefined ? {} : { source: chat.source },
});

/** A message of a chat; an answer's metadata tell which stream wrote it and how that ended. */
export const messageView = ({ role, content, timestampMs, streamId, streamState }: ChatMessage) => ({
  role,
  content,
  timestamp: timestamp(timestampMs),
  ...(streamState === undefined ? {} : { metadata: { state: streamState, streamingSessionId: streamId } }),
});

/** A model as callers see it. */
export const modelView = (model: ModelDescription) => ({
  id: model.id,
  name: model.name,
  description: model.description,
  capabilities: [...model.capabilities],
  creditCost: microsToCredits(model.priceMicrosPer1000),
  maxTokens: model.maxOutputTokens,
  available: model.available,
});

/** Where a page stands in its list. */
export const paginationView = (total: number, { page, limit }: { page: number; limit: number }) => ({
  total,
  pages: Math.ceil(total / limit),
  currentPage: page,
  perPage: limit,
});
