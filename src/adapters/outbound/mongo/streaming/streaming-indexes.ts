import type { IndexSpec } from '../index-spec.ts';
import { CHATS, EVENT_BATCHES, INTENTS, MESSAGES, OWNERS, REMOVALS, STREAMS } from './streaming-documents.ts';

/** The collections that need no index but the one of their keys. */
export const UNINDEXED_STREAMING = [INTENTS, OWNERS, REMOVALS] as const;

/**
 * How long the fence of a log that is gone is kept, in seconds: a writer that was paused for longer than the retention
 * and this could append once more to a log that nobody is shown.
 */
const FENCE_KEPT_SECONDS = 7 * 24 * 60 * 60;

/** Indexes of chats, streams and their events. What decides a race is a key, or a condition on one document. */
export const STREAMING_INDEXES: readonly IndexSpec[] = [
  { collection: CHATS, name: 'of-owner', key: { owner: 1, updatedAtMs: -1, createdAtMs: -1, _id: -1 } },
  { collection: MESSAGES, name: 'place', key: { chatId: 1, place: 1 }, options: { unique: true } },
  {
    collection: STREAMS,
    name: 'by-start-key',
    key: { chatId: 1, 'startKey.route': 1, 'startKey.key': 1 },
    // A filter on the key implies nothing about the whole of which it is a part.
    options: { partialFilterExpression: { 'startKey.key': { $exists: true } } },
  },
  { collection: STREAMS, name: 'order', key: { chatId: 1, firstOffset: -1 }, options: { unique: true } },
  {
    collection: STREAMS,
    name: 'active-of-owner',
    key: { owner: 1, openedAtMs: 1 },
    options: { partialFilterExpression: { active: true } },
  },
  {
    collection: STREAMS,
    // Begins with what is in every document of it, since an index whose first field nobody asks for is not used.
    name: 'active-by-node',
    key: { active: 1, node: 1 },
    options: { partialFilterExpression: { active: true } },
  },
  {
    collection: STREAMS,
    name: 'stop-wished-of-node',
    key: { node: 1 },
    options: { partialFilterExpression: { stopWished: true } },
  },
  {
    collection: STREAMS,
    name: 'ended',
    key: { endedAtMs: 1 },
    options: { partialFilterExpression: { endedAtMs: { $exists: true } } },
  },
  {
    collection: STREAMS,
    name: 'unpurged',
    key: { unpurged: 1 },
    options: { partialFilterExpression: { unpurged: true } },
  },
  {
    collection: EVENT_BATCHES,
    name: 'fences',
    key: { goneAt: 1 },
    options: {
      expireAfterSeconds: FENCE_KEPT_SECONDS,
      partialFilterExpression: { goneAt: { $exists: true } },
    },
  },
];
