import { expect } from 'chai';
import type { StreamRepository } from '../../src/application/ports/streaming/stream-repository.ts';
import {
  ANNA,
  aChat,
  aClaim,
  activated,
  anIntent,
  aQuestion,
  aSeal,
  BERT,
  chatId,
  firstEvent,
  NODE_1,
  NODE_2,
  numberedStream,
  OPENED_AT_MS,
  open,
  runThrough,
  type StreamingStores,
  start,
} from '../support/stream-builders.ts';
import { describeStreamClaims } from './stream-repository-claims.ts';
import { describeStreamEnds } from './stream-repository-ends.ts';
import { describeStreamRooms } from './stream-repository-rooms.ts';
import { describeStreamWishes } from './stream-repository-wishes.ts';

/** The behaviour of every `StreamRepository`. */
export function describeStreamRepository(name: string, create: () => Promise<StreamingStores>): void {
  describe(`${name} as a StreamRepository`, () => {
    let stores: StreamingStores;
    beforeEach(async () => {
      stores = await create();
      for (const number of [1, 2]) await stores.chats.add(aChat(number), undefined, 10);
      await stores.chats.add(aChat(3, BERT), undefined, 10);
    });

    describeStreamClaims(() => stores);
    describe('activation', () => describeActivation(() => stores));
    describe('abandoning', () => describeAbandoning(() => stores));
    describe('finding', () => describeFinding(() => stores));
    describeStreamEnds(() => stores);
    describeStreamRooms(() => stores);
    describeStreamWishes(() => stores);
  });
}

function describeActivation(stores: () => StreamingStores): void {
  it('stores the hold, the prompt and the first event', async () => {
    const session = activated(await open(stores(), 1));
    expect(await stores().streams.activate(session, firstEvent(session))).to.equal(true);
    expect(await stores().streams.latestOf(chatId(1))).to.deep.equal(session);
    expect(await stores().events.read(session.id, 0, 10)).to.deep.equal([firstEvent(session)]);
  });

  it('happens once, however many race', async () => {
    const session = activated(await open(stores(), 1));
    const outcomes = await Promise.all(
      [1, 2, 3].map(() => stores().streams.activate(session, firstEvent(session))),
    );
    expect(outcomes.filter(Boolean)).to.have.length(1);
    expect(await stores().events.read(session.id, 0, 10)).to.have.length(1);
  });

  it('is refused once the claim was undone', async () => {
    const session = activated(await open(stores(), 1));
    await stores().streams.abandon(session.id);
    expect(await stores().streams.activate(session, firstEvent(session))).to.equal(false);
    expect(await stores().streams.active()).to.deep.equal([]);
    expect(await stores().events.read(session.id, 0, 10)).to.deep.equal([]);
  });

  it('and an undoing that races it leave the stream running or gone', async () => {
    const session = activated(await open(stores(), 1));
    const [, isRunning] = await Promise.all([
      stores().streams.abandon(session.id),
      stores().streams.activate(session, firstEvent(session)),
    ]);
    expect(await stores().streams.active()).to.deep.equal(isRunning ? [session] : []);
    expect(await stores().events.read(session.id, 0, 10)).to.have.length(isRunning ? 1 : 0);
    expect(await stores().chats.messages(chatId(1))).to.have.length(isRunning ? 1 : 0);
  });
}

function describeAbandoning(stores: () => StreamingStores): void {
  const aKey = { key: 'once', route: 'stream', bodySha256: 'f0' };

  it('removes the session, its message and its key, and frees the slot', async () => {
    const { streams, chats } = stores();
    const first = await open(stores(), 1);
    await streams.abandon(first.id);
    expect(await chats.messages(chatId(1))).to.deep.equal([]);
    expect(await streams.whereabouts(first.id)).to.equal('unknown');
    const session = { ...first, id: numberedStream(2) };
    const claimed = await streams.claim({ session, message: aQuestion('again'), key: aKey });
    expect(claimed.kind).to.equal('claimed');
    await streams.abandon(session.id);
    const other = { ...session, id: numberedStream(3) };
    const key = { ...aKey, bodySha256: '0f' };
    const outcome = await streams.claim({ session: other, message: aQuestion('third'), key });
    expect(outcome.kind).to.equal('claimed');
    expect(await chats.messages(chatId(1))).to.deep.equal([aQuestion('third')]);
  });

  it('leaves no intent of its own, and the one that is given', async () => {
    const { streams } = stores();
    await streams.abandon((await open(stores(), 1)).id);
    expect(await streams.pendingIntents(10)).to.deep.equal([]);
    const { id } = await open(stores(), 2);
    await streams.abandon(id, { kind: 'abort', id, tokens: 0 });
    expect(await streams.pendingIntents(10)).to.deep.equal([{ kind: 'abort', id, tokens: 0 }]);
  });

  it('changes nothing when repeated, or of a stream that runs', async () => {
    const { streams } = stores();
    const { id } = await open(stores(), 1);
    await streams.abandon(id);
    await streams.abandon(id, { kind: 'abort', id, tokens: 0 });
    const running = await start(stores(), 2);
    await streams.abandon(running.id, { kind: 'abort', id: running.id, tokens: 0 });
    expect(await streams.pendingIntents(10)).to.deep.equal([]);
    expect(await streams.latestOf(chatId(1))).to.deep.equal(running);
  });
}

function describeFinding(stores: () => StreamingStores): void {
  const streams = (): StreamRepository => stores().streams;

  it('gives a session to its owner, for its chat, by exactly its id', async () => {
    const session = await start(stores(), 1);
    const found = { session, newestOfChat: session.id };
    expect(await streams().findOwned(ANNA, chatId(1), session.id)).to.deep.equal(found);
    expect(await streams().findOwned(BERT, chatId(1), session.id)).to.equal(undefined);
    expect(await streams().findOwned(ANNA, chatId(2), session.id)).to.equal(undefined);
    expect(await streams().findOwned(ANNA, chatId(1), numberedStream(2))).to.equal(undefined);
  });

  it('tells which stream of the chat is the newest, opening ones aside', async () => {
    const first = await runThrough(stores(), 1);
    const second = await open(stores(), 2);
    const newest = async (): Promise<string | undefined> =>
      (await streams().findOwned(ANNA, chatId(1), first.id))?.newestOfChat;
    expect(await newest()).to.equal(first.id);
    await streams().activate(activated(second), firstEvent(second));
    expect(await newest()).to.equal(second.id);
  });

  it('tells a foreign id from one that nobody has', async () => {
    const { id } = await start(stores(), 1, 3, BERT);
    expect(await streams().whereabouts(id)).to.equal('foreign');
    expect(await streams().whereabouts(numberedStream(2))).to.equal('unknown');
  });

  it('tells who drives what is opening or running, and what that is', async () => {
    expect(await streams().drivers()).to.deep.equal([]);
    await runThrough(stores(), 1);
    const opening = await open(stores(), 2);
    const running = await start(stores(), 3, 2);
    const session = { ...aClaim(4, 3, BERT), node: NODE_2 };
    const other = await streams().claim({ session, message: aQuestion() });
    if (other.kind !== 'claimed') throw new Error('the slot is free');
    expect(await streams().drivers())
      .to.have.members([NODE_1, NODE_2])
      .and.have.length(2);
    expect(await streams().drivenBy(NODE_1)).to.deep.equal([opening, running]);
    expect(await streams().drivenBy(NODE_2)).to.deep.equal([other.session]);
    await streams().abandon(other.session.id);
    await streams().seal(aSeal(running, running.firstOffset + 1));
    expect(await streams().drivers()).to.deep.equal([NODE_1]);
    expect(await streams().drivenBy(NODE_1)).to.deep.equal([opening]);
    expect(await streams().drivenBy(NODE_2)).to.deep.equal([]);
  });

  it('takes the running stream of a chat for its latest, else the newest that ended', async () => {
    expect(await streams().latestOf(chatId(1))).to.equal(undefined);
    const first = await runThrough(stores(), 1);
    expect(await streams().latestOf(chatId(1))).to.deep.equal(first);
    const second = await open(stores(), 2);
    expect(await streams().latestOf(chatId(1))).to.deep.equal(first);
    await streams().activate(activated(second), firstEvent(second));
    expect(await streams().latestOf(chatId(1))).to.deep.equal(activated(second));
  });

  it('finds the stream that an offset falls to', async () => {
    const at = async (offset: number): Promise<string | undefined> =>
      (await streams().streamAt(chatId(1), offset))?.id;
    const first = await runThrough(stores(), 1);
    expect(await at(99)).to.equal(first.id);
    const second = await open(stores(), 2);
    expect(await at(second.firstOffset)).to.equal(first.id);
    await streams().activate(activated(second), firstEvent(second));
    expect([await at(0), await at(1), await at(4), await at(5), await at(99)]).to.deep.equal([
      undefined,
      first.id,
      first.id,
      second.id,
      second.id,
    ]);
    expect(await streams().streamAt(chatId(2), 1)).to.equal(undefined);
  });

  it('finds no stream at an offset that has expired', async () => {
    const ended = await runThrough(stores(), 1);
    expect(await streams().tombstoneOf(chatId(1))).to.equal(undefined);
    await streams().acknowledgeIntent(ended.id);
    await streams().expireEnded(OPENED_AT_MS + 1_000, 10);
    expect(await streams().streamAt(chatId(1), 1)).to.equal(undefined);
    expect(await streams().latestOf(chatId(1))).to.equal(undefined);
    expect(await streams().tombstoneOf(chatId(1))).to.deep.equal({ ...ended, state: 'expired' });
  });

  it('shows what is opening or running, of one owner or of all', async () => {
    await runThrough(stores(), 1);
    const mine = await start(stores(), 2);
    const opening = await open(stores(), 3, 2);
    const his = await start(stores(), 4, 3, BERT);
    expect(await streams().active()).to.deep.equal([mine, opening, his]);
    expect(await streams().active(ANNA)).to.deep.equal([mine, opening]);
    expect(await streams().active(BERT)).to.deep.equal([his]);
  });

  it('keeps intents until they are acknowledged, oldest first', async () => {
    const ids = [1, 2, 3].map(numberedStream);
    for (const number of [1, 2, 3]) await runThrough(stores(), number);
    expect(await streams().pendingIntents(2)).to.deep.equal(ids.slice(0, 2).map(anIntent));
    await streams().acknowledgeIntent(numberedStream(1));
    await streams().acknowledgeIntent(numberedStream(1));
    expect(await streams().pendingIntents(10)).to.deep.equal(ids.slice(1).map(anIntent));
  });
}
