import { MongoSubscriberDirectory } from '../../../../src/adapters/outbound/mongo/multiplexing/mongo-subscriber-directory.ts';
import { describeSubscriberDirectory } from '../../../contracts/subscriber-directory.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

describe('the directory of subscribers of a fleet', function () {
  this.timeout(60_000);
  let temporary: TemporaryMongo;
  before(async () => {
    temporary = await temporaryMongo();
  });
  after(() => temporary.remove());

  describeSubscriberDirectory('MongoSubscriberDirectory', async () => {
    await temporary.clear();
    const records = temporary.client.db().collection('acts');
    const directory = new MongoSubscriberDirectory(temporary.store, async (acts, session) => {
      const own = acts.map(({ act }) => ({ act }));
      await temporary.store.collection('acts').insertMany(own, { session });
    });
    const acts = async () => (await records.find().toArray()).map(({ act }) => act as string);
    return { directory, acts };
  });
});
