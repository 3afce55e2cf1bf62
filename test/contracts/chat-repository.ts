import { expect } from 'chai';
import {
  ANNA,
  aChat,
  anIntent,
  aQuestion,
  BERT,
  chatId,
  OPENED_AT_MS,
  open,
  runThrough,
  type StreamingStores,
  start,
} from '../support/stream-builders.ts';

/** The behaviour of every `ChatRepository`. */
export function describeChatRepository(name: string, create: () => Promise<StreamingStores>): void {
  describe(`${name} as a ChatRepository`, () => {
    let stores: StreamingStores;
    let chats: StreamingStores['chats'];
    beforeEach(async () => {
      stores = await create();
      chats = stores.chats;
    });

    it('gives a chat back to its owner and to nobody else', async () => {
      const chat = { ...aChat(1), source: 'web' };
      expect(await chats.add(chat, undefined, 10)).to.equal('added');
      expect(await chats.find(ANNA, chat.id)).to.deep.equal(chat);
      expect(await chats.find(BERT, chat.id)).to.equal(undefined);
      expect(await chats.find(ANNA, chatId(2))).to.equal(undefined);
    });

    it('stores the first message with the chat', async () => {
      await chats.add(aChat(1), aQuestion('Hello\n“there” 🦜'), 10);
      await chats.add(aChat(2), undefined, 10);
      expect(await chats.messages(chatId(1))).to.deep.equal([aQuestion('Hello\n“there” 🦜')]);
      expect(await chats.messages(chatId(2))).to.deep.equal([]);
    });

    it('lets no racing adds pass an owner’s limit', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, (_, number) => chats.add(aChat(number), undefined, 5)),
      );
      expect(outcomes.filter((outcome) => outcome === 'added')).to.have.length(5);
      expect(await chats.count(ANNA)).to.equal(5);
      expect(await chats.add(aChat(20, BERT), undefined, 5)).to.equal('added');
    });

    it('lists an owner’s chats in pages, last changed first', async () => {
      for (const number of [1, 2, 3, 4]) await chats.add(aChat(number), undefined, 10);
      await chats.add(aChat(5, BERT), undefined, 10);
      await chats.rename(ANNA, chatId(2), 'Renamed', OPENED_AT_MS + 50);
      const page = await chats.list(ANNA, { offset: 0, limit: 3 });
      expect(page.total).to.equal(4);
      expect(page.chats.map(({ id }) => id)).to.deep.equal([chatId(2), chatId(4), chatId(3)]);
      const rest = await chats.list(ANNA, { offset: 3, limit: 3 });
      expect(rest.chats.map(({ id }) => id)).to.deep.equal([chatId(1)]);
    });

    it('lists chats that changed at the same time newest first', async () => {
      for (const number of [1, 2, 3]) {
        await chats.add({ ...aChat(number), updatedAtMs: OPENED_AT_MS }, undefined, 10);
      }
      const page = await chats.list(ANNA, { offset: 0, limit: 10 });
      expect(page.chats.map(({ id }) => id)).to.deep.equal([chatId(3), chatId(2), chatId(1)]);
    });

    it('renames an owner’s chat alone', async () => {
      await chats.add(aChat(1), undefined, 10);
      expect(await chats.rename(BERT, chatId(1), 'Mine', OPENED_AT_MS + 9)).to.equal(false);
      expect(await chats.rename(ANNA, chatId(1), 'Mine', OPENED_AT_MS + 9)).to.equal(true);
      expect(await chats.find(ANNA, chatId(1))).to.deep.include({
        title: 'Mine',
        updatedAtMs: OPENED_AT_MS + 9,
      });
    });

    it('gives messages oldest first, and the newest of them when limited', async () => {
      await chats.add(aChat(1), aQuestion('first'), 10);
      await runThrough(stores, 1);
      const contents = async (limit?: number) =>
        (await chats.messages(chatId(1), limit)).map(({ content }) => content);
      expect(await contents()).to.deep.equal(['first', 'How does it work?', 'Like this.']);
      expect(await contents(2)).to.deep.equal(['How does it work?', 'Like this.']);
      expect(await contents(0)).to.deep.equal([]);
    });

    it('removes a chat with its messages, streams and events, and leaves what accounting is owed', async () => {
      await chats.add(aChat(1), aQuestion(), 10);
      const { id } = await runThrough(stores, 1);
      expect(await chats.remove(BERT, chatId(1))).to.equal('not-found');
      expect(await chats.remove(ANNA, chatId(1))).to.equal('removed');
      expect(await chats.remove(ANNA, chatId(1))).to.equal('not-found');
      expect(await chats.find(ANNA, chatId(1))).to.equal(undefined);
      expect(await chats.messages(chatId(1))).to.deep.equal([]);
      expect(await stores.events.read(id, 0, 10)).to.deep.equal([]);
      expect(await stores.streams.whereabouts(id)).to.equal('unknown');
      expect(await stores.streams.pendingIntents(10)).to.deep.equal([anIntent(id)]);
    });

    it('does not remove a chat whose stream is opening or running', async () => {
      await chats.add(aChat(1), undefined, 10);
      const { id } = await open(stores, 1);
      expect(await chats.remove(ANNA, chatId(1))).to.equal('busy');
      await stores.streams.abandon(id);
      await start(stores, 2);
      expect(await chats.remove(ANNA, chatId(1))).to.equal('busy');
    });
  });
}
