import { expect } from 'chai';
import {
  ANNA,
  aSeal,
  chatId,
  chunks,
  NODE_1,
  NODE_2,
  numberedStream,
  open,
  runThrough,
  type StreamingStores,
  start,
} from '../support/stream-builders.ts';

/** Appends that a wish races with. */
const APPENDS = 20;

/** What a `StreamRepository` does with wishes that streams be stopped. */
export function describeStreamWishes(stores: () => StreamingStores): void {
  describe('a wish to stop', () => {
    it('is told to the stream’s node and with the stream, and changes nothing else of it', async () => {
      const { streams, events } = stores();
      const running = await start(stores(), 1);
      expect(await streams.stopsWished(NODE_1)).to.deep.equal([]);
      expect(await streams.wishStop(running.id)).to.equal(true);
      const wished = { ...running, stopWished: true };
      expect(await streams.stopsWished(NODE_1)).to.deep.equal([running.id]);
      expect(await streams.latestOf(chatId(1))).to.deep.equal(wished);
      expect(await streams.drivenBy(NODE_1)).to.deep.equal([wished]);
      expect(await streams.findOwned(ANNA, chatId(1), running.id)).to.deep.include({ session: wished });
      expect(await events.read(running.id, 0, 10)).to.have.length(1);
      expect(await streams.logEnd(chatId(1))).to.deep.equal({ lastOffset: 0, isRunning: true });
    });

    it('is told to no other node, and of no other stream', async () => {
      const { streams } = stores();
      const first = await start(stores(), 1);
      await start(stores(), 2, 2);
      await streams.wishStop(first.id);
      expect(await streams.stopsWished(NODE_1)).to.deep.equal([first.id]);
      expect(await streams.stopsWished(NODE_2)).to.deep.equal([]);
    });

    it('may be stored again, by any number at once', async () => {
      const { streams } = stores();
      const { id } = await start(stores(), 1);
      const wishes = await Promise.all([1, 2, 3].map(() => streams.wishStop(id)));
      expect(wishes).to.deep.equal([true, true, true]);
      expect(await streams.wishStop(id)).to.equal(true);
      expect(await streams.stopsWished(NODE_1)).to.deep.equal([id]);
    });

    it('is of running streams alone', async () => {
      const { streams } = stores();
      const ended = await runThrough(stores(), 1);
      const opening = await open(stores(), 2);
      for (const id of [ended.id, opening.id, numberedStream(9)]) {
        expect(await streams.wishStop(id)).to.equal(false);
      }
      expect(await streams.stopsWished(NODE_1)).to.deep.equal([]);
      expect(await streams.findOwned(ANNA, chatId(1), ended.id)).to.deep.include({ session: ended });
    });

    it('and appends that race with it meet nothing of each other', async () => {
      const { streams, events } = stores();
      const { id } = await start(stores(), 1);
      const appending = (async () => {
        for (let offset = 2; offset < 2 + APPENDS; offset += 1) await events.append(id, chunks(offset, 'a'));
      })();
      expect(await streams.wishStop(id)).to.equal(true);
      await appending;
      expect(await events.read(id, 0, 100)).to.have.length(1 + APPENDS);
      expect(await streams.stopsWished(NODE_1)).to.deep.equal([id]);
    });

    it('goes with the end, also when whoever ends the stream knows nothing of it', async () => {
      const { streams } = stores();
      const running = await start(stores(), 1);
      await streams.wishStop(running.id);
      const seal = aSeal(running, 2);
      expect(await streams.seal(seal)).to.equal('sealed');
      expect(await streams.stopsWished(NODE_1)).to.deep.equal([]);
      expect(await streams.latestOf(chatId(1))).to.deep.equal(seal.session);
    });

    it('that races an end is stored before it or not at all', async () => {
      const { streams } = stores();
      const running = await start(stores(), 1);
      const seal = aSeal(running, 2);
      const [outcome] = await Promise.all([streams.seal(seal), streams.wishStop(running.id)]);
      expect(outcome).to.equal('sealed');
      expect(await streams.latestOf(chatId(1))).to.deep.equal(seal.session);
      expect(await streams.stopsWished(NODE_1)).to.deep.equal([]);
    });
  });
}
