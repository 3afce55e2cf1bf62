import { expect } from 'chai';
import {
  ANNA,
  aChat,
  activated,
  aSeal,
  BERT,
  firstEvent,
  numberedStream,
  open,
  type StreamingStores,
} from '../support/stream-builders.ts';

/** What a `StreamRepository` does with the rooms that each owner has for what runs. */
export function describeStreamRooms(stores: () => StreamingStores): void {
  const opening = (number: number) => open(stores(), number, number);
  const takeRoom = (number: number, rooms: number, owner = ANNA): Promise<boolean> =>
    stores().streams.takeRoom({ id: numberedStream(number), owner }, rooms);

  describe('the rooms of an owner', () => {
    beforeEach(async () => {
      for (const number of [4, 5, 6, 7]) await stores().chats.add(aChat(number), undefined, 10);
    });

    it('are taken by as many streams as there are rooms, however many race', async () => {
      const numbers = [1, 2, 4, 5, 6, 7];
      for (const number of numbers) await opening(number);
      const outcomes = await Promise.all(numbers.map((number) => takeRoom(number, 2)));
      expect(outcomes.filter(Boolean)).to.have.length(2);
    });

    it('stay taken while their streams run, and are taken once by each', async () => {
      const session = activated(await opening(1));
      await opening(2);
      expect(await takeRoom(1, 1)).to.equal(true);
      expect(await takeRoom(1, 1)).to.equal(true);
      await stores().streams.activate(session, firstEvent(session));
      expect(await takeRoom(2, 1)).to.equal(false);
      expect(await takeRoom(2, 2)).to.equal(true);
    });

    it('are free again when their streams have ended or were undone', async () => {
      const session = activated(await opening(1));
      for (const number of [2, 4, 5]) await opening(number);
      for (const number of [1, 2]) expect(await takeRoom(number, 2)).to.equal(true);
      await stores().streams.activate(session, firstEvent(session));
      await stores().streams.abandon(numberedStream(2));
      expect(await takeRoom(4, 2)).to.equal(true);
      expect(await takeRoom(5, 2)).to.equal(false);
      await stores().streams.seal(aSeal(session, 2));
      expect(await takeRoom(5, 2)).to.equal(true);
    });

    it('are all taken by those who race for the rooms that others have left', async () => {
      const chats = [4, 5, 6, 7];
      for (let round = 1; round <= 10; round += 1) {
        const numbers = chats.map((chat) => round * 10 + chat);
        for (const chat of chats) await open(stores(), round * 10 + chat, chat);
        const outcomes = await Promise.all(numbers.map((number) => takeRoom(number, numbers.length)));
        expect(outcomes).to.deep.equal(numbers.map(() => true));
        for (const number of numbers) await stores().streams.abandon(numberedStream(number));
      }
    });

    it('are each owner’s own', async () => {
      await opening(1);
      await opening(2);
      await open(stores(), 9, 3, BERT);
      expect(await takeRoom(1, 1)).to.equal(true);
      expect(await takeRoom(9, 1, BERT)).to.equal(true);
      expect(await takeRoom(2, 1)).to.equal(false);
    });
  });
}
