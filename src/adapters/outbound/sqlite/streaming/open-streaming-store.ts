import type { ChatRepository } from '../../../../application/ports/streaming/chat-repository.ts';
import type { EventLog } from '../../../../application/ports/streaming/event-log.ts';
import type { StreamRepository } from '../../../../application/ports/streaming/stream-repository.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { RunningLogs } from './running-logs.ts';
import { SqliteChatRepository } from './sqlite-chat-repository.ts';
import { SqliteEventLog } from './sqlite-event-log.ts';
import { SqliteStreamRepository } from './sqlite-stream-repository.ts';

/** The three streaming adapters of one store. Call once for a store: they share the running streams' state. */
export async function openStreamingStore(store: SqliteStore): Promise<{
  readonly chats: ChatRepository;
  readonly streams: StreamRepository;
  readonly events: EventLog;
}> {
  const logs = await RunningLogs.restore(store);
  return {
    chats: new SqliteChatRepository(store),
    streams: new SqliteStreamRepository(store, logs),
    events: new SqliteEventLog(store, logs),
  };
}
