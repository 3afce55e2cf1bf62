import { expect } from 'chai';
import { openStreamingStore } from '../../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import { isTerminal } from '../../../../src/domain/streaming/stream-event.ts';
import { hammer, type StreamTask } from '../../../support/hammer.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';
import {
  aChat,
  anIntent,
  chatId,
  numberedStream,
  type StreamingStores,
  start,
} from '../../../support/stream-builders.ts';

const CHATS = 20;

describe('processes that race on the streams of a fleet', function () {
  this.timeout(120_000);
  let mongo: TemporaryMongo;
  let stores: StreamingStores;
  before(async () => {
    mongo = await temporaryMongo();
  });
  beforeEach(async () => {
    await mongo.clear();
    stores = openStreamingStore(mongo.store, async () => undefined);
    for (let chat = 1; chat <= CHATS; chat += 1) await stores.chats.add(aChat(chat), undefined, CHATS);
  });
  after(() => mongo.remove());

  const race = (...kinds: ReadonlyArray<StreamTask['kind']>) =>
    hammer<StreamTask>(
      mongo.url,
      kinds.map((kind, number) => ({ kind, number, chats: CHATS })),
      'hammer-streams',
    );

  it('claim each slot once', async () => {
    const outcomes = await race('claim', 'claim', 'claim');
    expect(outcomes).to.deep.equal({ claimed: CHATS, taken: 2 * CHATS });
    expect(await stores.streams.active()).to.have.length(CHATS);
    for (let chat = 1; chat <= CHATS; chat += 1) {
      expect(await stores.chats.messages(chatId(chat))).to.have.length(1);
    }
  });

  it('append to the same logs and end them, and each log is whole, has what was acknowledged, and one end', async () => {
    for (let chat = 1; chat <= CHATS; chat += 1) await start(stores, chat, chat);
    const outcomes = await race('append', 'append', 'seal', 'seal');
    for (const outcome of Object.keys(outcomes))
      expect(outcome).to.be.oneOf(['stored', 'refused', 'sealed', 'lost']);
    expect(outcomes.sealed).to.equal(CHATS);
    let stored = 0;
    for (let chat = 1; chat <= CHATS; chat += 1) {
      const log = await stores.events.read(numberedStream(chat), 0, 10_000);
      expect(log.map(({ offset }) => offset)).to.deep.equal(log.map((_, index) => index + 1));
      expect(log.map(isTerminal).indexOf(true)).to.equal(log.length - 1);
      stored += log.filter(({ type }) => type === 'chunk').length;
      expect((await stores.streams.latestOf(chatId(chat)))?.end?.lastOffset).to.equal(log.length);
    }
    expect(outcomes.stored).to.equal(stored);
    expect(outcomes.refused, 'they have met').to.be.at.least(1);
    const intents = await stores.streams.pendingIntents(2 * CHATS);
    expect(intents).to.deep.equal(
      Array.from({ length: CHATS }, (_, index) => anIntent(numberedStream(index + 1))),
    );
  });
});
