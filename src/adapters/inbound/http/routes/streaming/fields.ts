import { z } from 'zod';
import { DomainError } from '../../../../../domain/domain-error.ts';
import { MAX_TEXT_LENGTH, MAX_TITLE_LENGTH } from '../../../../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../../../../domain/streaming/stream-id.ts';
import { atMostCharacters } from '../limited-text.ts';
import { pageNumber, rowLimit } from '../paging.ts';

/** Longest name or search text, in UTF-16 code units. */
const MAX_NAME_LENGTH = 256;
/** Rows of a page when the caller does not say. */
const DEFAULT_PAGE_ROWS = 20;
/** What every larger cursor is read as: beyond any log, and with a safe integer after it. */
const MAX_CURSOR = Number.MAX_SAFE_INTEGER - 1;
/** Longest idempotency key, in characters. */
export const MAX_KEY_LENGTH = 255;

const name = z.string().min(1).max(MAX_NAME_LENGTH);
/** Absent and `null` are the same to older clients. */
const optional = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);

/** Any text may name a chat: one that is no id is simply not found. */
const chatId = z.string().transform((id) => id as ChatId);

/** The path of a route about one chat. */
export const chatPath = z.object({ id: chatId });
/** The path of a route about a user's chats. */
export const userPath = z.object({ userId: z.string().describe('An id or a username') });
/** The path of a route about one chat of a user. */
export const userChatPath = userPath.extend({ sessionId: chatId });
/** Which page of a list, counted from 1. */
export const pageQuery = z.object({
  page: pageNumber,
  limit: rowLimit(DEFAULT_PAGE_ROWS),
});
/** A search, and which page of what it finds. */
export const searchQuery = pageQuery.extend({ query: name });

const title = atMostCharacters(MAX_TITLE_LENGTH, z.string().trim().min(1));
const text = atMostCharacters(MAX_TEXT_LENGTH, z.string().min(1));
const modelId = optional(z.string()).describe(
  'An unknown or unavailable model is answered by the default one',
);

export const createChatBody = z
  .object({
    title: optional(title),
    initialMessage: optional(text).describe('Stored as the first message and not answered'),
    modelId,
    source: optional(name),
  })
  .prefault({});
export const renameBody = z.object({ title });
export const messageBody = z.object({ message: text, modelId });

/** Bodies whose fields are looked at only after the chat and the id: their schemas describe, they do not refuse. */
export const updateBody = z.unknown().meta({
  type: 'object',
  required: ['completeResponse', 'streamingSessionId'],
  properties: {
    completeResponse: { type: 'string', description: 'The text as it was received, at most 1 MiB of UTF-8' },
    streamingSessionId: { type: 'string' },
    tokensUsed: { type: 'integer', minimum: 0, description: "The client's own count; never billed" },
  },
});
export const stopBody = z.unknown().meta({
  type: 'object',
  required: ['streamingSessionId'],
  properties: { streamingSessionId: { type: 'string' } },
});

/** A field of a body of any shape. */
export const fieldOf = (body: unknown, field: string): unknown =>
  typeof body === 'object' && body !== null && Object.hasOwn(body, field)
    ? (body as Readonly<Record<string, unknown>>)[field]
    : undefined;

/** Reads an idempotency key: 1 to 255 visible ASCII characters. @throws DomainError `request.invalid`. */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (header.length <= MAX_KEY_LENGTH && /^[\x21-\x7e]+$/.test(header)) return header;
  throw invalidHeader('Idempotency-Key', `must be 1 to ${MAX_KEY_LENGTH} visible ASCII characters`);
}

/** Reads a cursor: a decimal integer of at least 0, however large. @throws DomainError `request.invalid`. */
export function readCursor(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^[0-9]+$/.test(header)) return Math.min(Number(header), MAX_CURSOR);
  throw invalidHeader('Last-Event-ID', 'must be a decimal integer');
}

const invalidHeader = (path: string, message: string): DomainError =>
  new DomainError('request.invalid', `${path} ${message}`, { errors: [{ path, message }] });
