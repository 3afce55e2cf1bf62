import { openStreamingStore } from '../../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import { describeChatRepository } from '../../../contracts/chat-repository.ts';
import { describeEventLog } from '../../../contracts/event-log.ts';
import { describeStreamRepository } from '../../../contracts/stream-repository.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';
import type { StreamingStores } from '../../../support/stream-builders.ts';

describe('the streaming stores of a fleet', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  before(async () => {
    temporary = await temporaryMongo();
  });
  after(() => temporary.remove());

  async function create(): Promise<StreamingStores> {
    await temporary.clear();
    return openStreamingStore(temporary.store, async () => undefined);
  }

  describeChatRepository('MongoChatRepository', create);
  describeStreamRepository('MongoStreamRepository', create);
  describeEventLog('MongoEventLog', create);
});
