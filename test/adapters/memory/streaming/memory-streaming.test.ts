import { MemoryChatRepository } from '../../../../src/adapters/outbound/memory/streaming/memory-chat-repository.ts';
import { MemoryEventLog } from '../../../../src/adapters/outbound/memory/streaming/memory-event-log.ts';
import { MemoryStreamRepository } from '../../../../src/adapters/outbound/memory/streaming/memory-stream-repository.ts';
import { MemoryStreamingStore } from '../../../../src/adapters/outbound/memory/streaming/memory-streaming-store.ts';
import { describeChatRepository } from '../../../contracts/chat-repository.ts';
import { describeEventLog } from '../../../contracts/event-log.ts';
import { describeLateStreamWrites } from '../../../contracts/late-stream-writes.ts';
import { describeStreamRepository } from '../../../contracts/stream-repository.ts';
import type { StreamingStores } from '../../../support/stream-builders.ts';

const storesOf = (store: MemoryStreamingStore): StreamingStores => ({
  chats: new MemoryChatRepository(store),
  streams: new MemoryStreamRepository(store),
  events: new MemoryEventLog(store),
});

const create = async (): Promise<StreamingStores> => storesOf(new MemoryStreamingStore());

describeChatRepository('MemoryChatRepository', create);
describeStreamRepository('MemoryStreamRepository', create);
describeEventLog('MemoryEventLog', create);

describeLateStreamWrites('the streaming stores in memory', async () => {
  const store = new MemoryStreamingStore();
  const { chats, streams, logs, intents, keys } = store;
  return {
    late: storesOf(store),
    other: storesOf(store),
    everything: async () => structuredClone({ chats, streams, logs, intents, keys }),
  };
});
