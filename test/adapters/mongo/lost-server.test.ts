import { expect } from 'chai';
import { startMongodb } from '../../../scripts/services/mongodb.ts';
import type { OwnServer } from '../../../scripts/services/own-server.ts';
import { decideWrite } from '../../../src/adapters/outbound/mongo/decide.ts';
import { eventually } from '../../support/eventually.ts';
import { expectFault } from '../../support/faults.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';

/** What the first who waits in vain waits, and those who ask after him, in milliseconds. */
const FIRST_WITHIN_MS = 7_000;
const AT_ONCE_MS = 250;

describe('a store whose server is gone', function () {
  this.timeout(60_000);
  let server: OwnServer;
  let mongo: TemporaryMongo;

  before(async () => {
    server = await startMongodb();
    mongo = await temporaryMongo(server.url);
  });
  after(async () => {
    await server.restart();
    await mongo.remove();
    await server.stop();
  });

  const tookMs = async (work: () => Promise<unknown>): Promise<number> => {
    const fromMs = performance.now();
    await work();
    return performance.now() - fromMs;
  };

  it('lets one wait for it, refuses everybody else at once, and is there again when the server is', async () => {
    await mongo.store.ping();
    await server.kill();
    // A command whose connection breaks under it fails before anybody has waited: the one after it waits then.
    const first = async (): Promise<void> => {
      for (let asks = 0; asks < 2; asks += 1) await expectFault(mongo.store.ping(), 'unavailable');
    };
    expect(await tookMs(first)).to.be.below(FIRST_WITHIN_MS);
    const things = mongo.store.collection<{ _id: string }>('things');
    const asked = [
      () => mongo.store.ping(),
      () => mongo.store.write(() => things.insertOne({ _id: 'never sent' })),
      () =>
        decideWrite(mongo.store, {
          attempt: () => things.insertOne({ _id: 'never sent either' }),
          known: async () => undefined,
        }),
    ];
    for (const ask of asked) {
      expect(await tookMs(() => expectFault(ask(), 'unavailable'))).to.be.below(AT_ONCE_MS);
    }
    await server.restart();
    await eventually(() => mongo.store.ping());
    expect(await mongo.store.read(() => things.countDocuments())).to.equal(0);
  });

  it('says that nobody knows of a write that was sent before it went', async () => {
    const things = mongo.store.collection<{ _id: string }>('things');
    let isSent = false;
    const writing = decideWrite<string>(mongo.store, {
      attempt: async () => {
        if (!isSent) {
          isSent = true;
          await server.kill();
        }
        await things.insertOne({ _id: 'perhaps' });
        return 'written';
      },
      known: async () => ((await things.findOne({ _id: 'perhaps' })) === null ? undefined : 'there'),
    });
    await expectFault(writing, 'timeout');
  });
});
