import { MongoAgentEventStore } from '../../../../src/adapters/outbound/mongo/control/mongo-agent-event-store.ts';
import { MongoMcpInventories } from '../../../../src/adapters/outbound/mongo/control/mongo-mcp-inventories.ts';
import { MongoPolicyStore } from '../../../../src/adapters/outbound/mongo/control/mongo-policy-store.ts';
import { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import type { RecordActs } from '../../../../src/adapters/outbound/mongo/record-acts.ts';
import { describeAgentEventStore } from '../../../contracts/agent-event-store.ts';
import { describeMcpInventories } from '../../../contracts/mcp-inventories.ts';
import { describePolicyStore } from '../../../contracts/policy-store.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

describe('the control plane of a fleet', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  let beside: MongoStore;
  before(async () => {
    temporary = await temporaryMongo();
    beside = await MongoStore.open(temporary.url);
  });
  after(async () => {
    await beside.close();
    await temporary.remove();
  });

  const actsIn =
    (store: MongoStore): RecordActs =>
    async (records, session) => {
      const own = records.map(({ act }) => ({ act }));
      if (own.length > 0) await store.collection('acts').insertMany(own, { session });
    };
  const acts = async (): Promise<string[]> =>
    (await temporary.client.db().collection('acts').find().toArray()).map(({ act }) => act as string);

  describeAgentEventStore('MongoAgentEventStore', async () => {
    await temporary.clear();
    return {
      events: new MongoAgentEventStore(temporary.store, actsIn(temporary.store)),
      another: new MongoAgentEventStore(beside, actsIn(beside)),
      acts,
    };
  });

  describePolicyStore('MongoPolicyStore', async () => {
    await temporary.clear();
    return {
      policies: new MongoPolicyStore(temporary.store, actsIn(temporary.store)),
      another: new MongoPolicyStore(beside, actsIn(beside)),
      acts,
    };
  });

  describeMcpInventories('MongoMcpInventories', async () => {
    await temporary.clear();
    return new MongoMcpInventories(temporary.store);
  });
});
