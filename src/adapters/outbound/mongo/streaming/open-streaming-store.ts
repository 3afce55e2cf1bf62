import { ObjectId } from 'mongodb';
import type { ChatRepository } from '../../../../application/ports/streaming/chat-repository.ts';
import type { EventLog } from '../../../../application/ports/streaming/event-log.ts';
import type { StreamRepository } from '../../../../application/ports/streaming/stream-repository.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import { BatchInserter } from './batch-inserter.ts';
import { KnownEnds } from './known-ends.ts';
import { MongoChatRepository } from './mongo-chat-repository.ts';
import { MongoEventLog } from './mongo-event-log.ts';
import { MongoStreamRepository } from './mongo-stream-repository.ts';
import { Purge } from './purge.ts';
import { streamingCollections } from './streaming-collections.ts';

/** The three streaming adapters of one database. They share what this process knows of the logs that it writes. */
export function openStreamingStore(
  store: MongoStore,
  recordActs: RecordActs,
): { readonly chats: ChatRepository; readonly streams: StreamRepository; readonly events: EventLog } {
  const collections = streamingCollections(store);
  const ends = new KnownEnds(collections);
  const purge = new Purge(collections);
  const inserter = new BatchInserter(collections.batches, new ObjectId());
  return {
    chats: new MongoChatRepository(store, collections, purge, recordActs),
    streams: new MongoStreamRepository(store, collections, ends, purge),
    events: new MongoEventLog(store, collections, ends, inserter),
  };
}
