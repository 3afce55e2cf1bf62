import { openStreamingStore } from '../../../../src/adapters/outbound/sqlite/streaming/open-streaming-store.ts';
import { describeChatRepository } from '../../../contracts/chat-repository.ts';
import { describeEventLog } from '../../../contracts/event-log.ts';
import { describeLateStreamWrites } from '../../../contracts/late-stream-writes.ts';
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

  // One process has the file, so the node that is late is the one that has gone on.
  describeLateStreamWrites('the embedded streaming stores', async () => {
    const stores = await create();
    const everything = (): Promise<unknown> =>
      temporary.store.read((db) => {
        const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
        return tables.map(({ name }) => [name, db.prepare(`SELECT * FROM "${name}"`).all()]);
      });
    return { late: stores, other: stores, everything };
  });
});
