import { expect } from 'chai';
import type { MongoStore } from '../../../../src/adapters/outbound/mongo/mongo-store.ts';
import { openStreamingStore } from '../../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import { streamingCollections } from '../../../../src/adapters/outbound/mongo/streaming/streaming-collections.ts';
import { takeRoom } from '../../../../src/adapters/outbound/mongo/streaming/take-room.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';
import { ANNA, aChat, numberedStream, open, type StreamingStores } from '../../../support/stream-builders.ts';

const ROOMS = 2;

/** The same collections, whose owner's document is read only after something else has happened to it. */
function readAfter(
  store: MongoStore,
  happens: () => Promise<unknown>,
): ReturnType<typeof streamingCollections> {
  const collections = streamingCollections(store);
  const owners = new Proxy(collections.owners, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'findOne') return value.bind(target);
      return async (...given: unknown[]) => {
        await happens();
        return value.apply(target, given);
      };
    },
  });
  return { ...collections, owners };
}

describe('a start that finds no room in the list of an owner', () => {
  let mongo: TemporaryMongo;
  let stores: StreamingStores;
  before(async () => {
    mongo = await temporaryMongo();
    stores = openStreamingStore(mongo.store, async () => undefined);
    for (const number of [1, 2, 3, 4]) await stores.chats.add(aChat(number), undefined, 10);
  });
  after(() => mongo.remove());

  it('has the room that another one has cleared before it could look', async () => {
    const stream = (number: number) => ({ id: numberedStream(number), owner: ANNA });
    for (const number of [1, 2, 3, 4]) await open(stores, number, number);
    for (const number of [1, 2]) {
      await stores.streams.takeRoom(stream(number), ROOMS);
      await stores.streams.abandon(numberedStream(number));
    }
    const another = () => stores.streams.takeRoom(stream(3), ROOMS);
    const late = readAfter(mongo.store, another);
    expect(await takeRoom(mongo.store, late, stream(4), ROOMS)).to.equal(true);
  });
});
