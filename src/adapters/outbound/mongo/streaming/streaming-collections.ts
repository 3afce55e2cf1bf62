import type { Collection } from 'mongodb';
import type { MongoStore } from '../mongo-store.ts';
import {
  type BatchDocument,
  CHATS,
  type ChatDocument,
  EVENT_BATCHES,
  INTENTS,
  type IntentDocument,
  MESSAGES,
  type MessageDocument,
  OWNERS,
  type OwnerDocument,
  REMOVALS,
  type RemovalDocument,
  STREAMS,
  type StreamDocument,
} from './streaming-documents.ts';

/** The collections of chats, streams and their events. */
export interface StreamingCollections {
  readonly chats: Collection<ChatDocument>;
  readonly messages: Collection<MessageDocument>;
  readonly streams: Collection<StreamDocument>;
  readonly batches: Collection<BatchDocument>;
  readonly intents: Collection<IntentDocument>;
  readonly owners: Collection<OwnerDocument>;
  readonly removals: Collection<RemovalDocument>;
}

/** The collections of a store. */
export function streamingCollections(store: MongoStore): StreamingCollections {
  return {
    chats: store.collection(CHATS),
    messages: store.collection(MESSAGES),
    streams: store.collection(STREAMS),
    batches: store.collection(EVENT_BATCHES),
    intents: store.collection(INTENTS),
    owners: store.collection(OWNERS),
    removals: store.collection(REMOVALS),
  };
}
