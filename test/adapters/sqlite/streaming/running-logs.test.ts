import { expect } from 'chai';
import { openStreamingStore } from '../../../../src/adapters/outbound/sqlite/streaming/open-streaming-store.ts';
import { transcriptOf } from '../../../../src/domain/streaming/stream-event.ts';
import type { StreamingSessionState } from '../../../../src/domain/streaming/streaming-session.ts';
import { eventually } from '../../../support/eventually.ts';
import {
  aChat,
  aSeal,
  chatId,
  chunks,
  type StreamingStores,
  start,
} from '../../../support/stream-builders.ts';
import { type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

describe('the events of running streams in SQLite', () => {
  let temporary: TemporaryStore;
  let stores: StreamingStores;
  before(async () => {
    temporary = await temporaryStore();
  });
  after(() => temporary.remove());
  beforeEach(async () => {
    temporary.clear();
    stores = await openStreamingStore(temporary.store);
    for (const number of [1, 2, 3]) await stores.chats.add(aChat(number), undefined, 10);
  });

  const rows = (): Promise<number> =>
    temporary.store.read((db) =>
      Number(db.prepare('SELECT count(*) AS rows FROM event_batches').get()?.rows),
    );

  async function appendOneByOne({ id, firstOffset }: StreamingSessionState, count: number): Promise<void> {
    for (let offset = firstOffset + 1; offset <= firstOffset + count; offset += 1) {
      await stores.events.append(id, chunks(offset, `${offset} `));
    }
  }

  it('are one row for all that streams append in one turn', async () => {
    const sessions = [await start(stores, 1, 1), await start(stores, 2, 2), await start(stores, 3, 3)];
    const before = await rows();
    await Promise.all(sessions.map(({ id }) => stores.events.append(id, chunks(2, 'a', 'b'))));
    expect((await rows()) - before).to.equal(1);
  });

  it('are acknowledged a few streams at a time, so that everything else has its turn between', async () => {
    const numbers = Array.from({ length: 100 }, (_, index) => index + 10);
    await Promise.all(numbers.map((number) => stores.chats.add(aChat(number), undefined, 200)));
    const sessions = await Promise.all(numbers.map((number) => start(stores, number, number)));
    const before = await rows();
    let acknowledged = 0;
    const appends = sessions.map(async ({ id }) => {
      await stores.events.append(id, chunks(2, 'a'));
      acknowledged += 1;
    });
    let mostInOneTurn = 0;
    for (let seen = 0; seen < sessions.length; seen = acknowledged) {
      await new Promise((resolve) => setImmediate(resolve));
      mostInOneTurn = Math.max(mostInOneTurn, acknowledged - seen);
    }
    await Promise.all(appends);
    expect(mostInOneTurn).to.be.within(1, sessions.length / 2);
    expect((await rows()) - before).to.equal(1);
  });

  it('are read back by the next start, which goes on where they end', async () => {
    const sessions = [await start(stores, 1, 1), await start(stores, 2, 2)];
    const ended = await start(stores, 3, 3);
    await Promise.all([...sessions, ended].map((session) => appendOneByOne(session, 5)));
    await stores.streams.seal(aSeal(ended, 7));
    const before = await Promise.all(sessions.map(({ id }) => stores.events.read(id, 0, 100)));

    stores = await openStreamingStore(temporary.store);
    expect(await Promise.all(sessions.map(({ id }) => stores.events.read(id, 0, 100)))).to.deep.equal(before);
    for (const running of sessions) {
      await stores.events.append(running.id, chunks(7, 'last'));
      expect(await stores.streams.seal(aSeal(running, 8))).to.equal('sealed');
      const text = transcriptOf(await stores.events.read(running.id, 0, 100));
      expect(text).to.equal('2 3 4 5 6 last');
    }
  });

  it('are read back with the wish to stop their stream', async () => {
    const running = await start(stores, 1, 1);
    await stores.streams.wishStop(running.id);
    stores = await openStreamingStore(temporary.store);
    expect(await stores.streams.drivenBy(running.node)).to.deep.equal([{ ...running, stopWished: true }]);
  });

  it('can be appended again after a write that failed, and ended after it', async () => {
    const running = await start(stores, 1);
    temporary.exec('ALTER TABLE event_batches RENAME TO elsewhere');
    const [append, seal] = await Promise.allSettled([
      stores.events.append(running.id, chunks(2, 'a')),
      stores.streams.seal(aSeal(running, 3)),
    ]);
    temporary.exec('ALTER TABLE elsewhere RENAME TO event_batches');
    expect(append.status).to.equal('rejected');
    expect(seal).to.deep.equal({ status: 'fulfilled', value: 'lost' });
    await stores.events.append(running.id, chunks(2, 'a'));
    expect(await stores.streams.seal(aSeal(running, 3))).to.equal('sealed');
    expect(transcriptOf(await stores.events.read(running.id, 0, 10))).to.equal('a');
  });

  it('are removed once no running stream needs them, and not before', async () => {
    const early = await start(stores, 1, 1);
    await appendOneByOne(early, 3);
    const long = await start(stores, 2, 2);
    await appendOneByOne(long, 700);
    await stores.streams.seal(aSeal(long, 702));
    await start(stores, 3, 3);
    expect(await rows()).to.be.greaterThan(700);
    const restored = await openStreamingStore(temporary.store);
    expect(transcriptOf(await restored.events.read(early.id, 0, 100))).to.equal('2 3 4 ');

    await stores.streams.seal(aSeal(early, 5));
    await eventually(async () => expect(await rows()).to.be.lessThan(256));
    stores = await openStreamingStore(temporary.store);
    expect(await stores.events.read(long.id, 0, 1_000)).to.have.length(702);
    expect((await stores.streams.latestOf(chatId(3)))?.state).to.equal('running');
    expect(await stores.events.read((await stores.streams.active())[0]?.id ?? long.id, 0, 10)).to.have.length(
      1,
    );
  });
});
