import { openStreamingStore } from '../../../../src/adapters/outbound/sqlite/streaming/open-streaming-store.ts';
import { describeChatRepository } from '../../../contracts/chat-repository.ts';
import { describeEventLog } from '../../../contracts/event-log.ts';
import { describeStreamRepository } from '../../../contracts/stream-repository.ts';
import type { StreamingStores } from '../../../support/stream-builders.ts';
import { type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

describe('the embedded streaming stores', () => {
  let temporary: TemporaryStore;
  before(async () => {
    temporary = await temporaryStore();
  });
  after(() => temporary.remove());

  async function create(): Promise<StreamingStores> {
    temporary.clear();
    return openStreamingStore(temporary.store);
  }

  describeChatRepository('SqliteChatRepository', create);
  describeStreamRepository('SqliteStreamRepository', create);
  describeEventLog('SqliteEventLog', create);
});
