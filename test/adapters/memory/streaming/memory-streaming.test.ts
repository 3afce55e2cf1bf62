import { MemoryChatRepository } from '../../../../src/adapters/outbound/memory/streaming/memory-chat-repository.ts';
import { MemoryEventLog } from '../../../../src/adapters/outbound/memory/streaming/memory-event-log.ts';
import { MemoryStreamRepository } from '../../../../src/adapters/outbound/memory/streaming/memory-stream-repository.ts';
import { MemoryStreamingStore } from '../../../../src/adapters/outbound/memory/streaming/memory-streaming-store.ts';
import { describeChatRepository } from '../../../contracts/chat-repository.ts';
import { describeEventLog } from '../../../contracts/event-log.ts';
import { describeStreamRepository } from '../../../contracts/stream-repository.ts';
import type { StreamingStores } from '../../../support/stream-builders.ts';

async function create(): Promise<StreamingStores> {
  const store = new MemoryStreamingStore();
  return {
    chats: new MemoryChatRepository(store),
    streams: new MemoryStreamRepository(store),
    events: new MemoryEventLog(store),
  };
}

describeChatRepository('MemoryChatRepository', create);
describeStreamRepository('MemoryStreamRepository', create);
describeEventLog('MemoryEventLog', create);
