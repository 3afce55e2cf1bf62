import { expect } from 'chai';
import type { ChatFeed } from '../../../src/adapters/inbound/web/browser/streaming/chat-feed.js';
import { eventually } from '../../support/eventually.ts';
import { FakeChat } from './fake-chat.ts';
import { streamFrom } from './stream-events.ts';

const TEXTS = ['Nothing ', 'is ', 'lost ', 'and ', 'nothing ', 'twice.'];
const WHOLE = TEXTS.join('');

describe('the tabs that show one chat', () => {
  let chat: FakeChat;
  beforeEach(() => {
    chat = new FakeChat();
  });
  afterEach(() => chat.close());

  const events = streamFrom(1, TEXTS);
  const hasText = (tab: ChatFeed, text: string): Promise<void> =>
    eventually(async () => {
      expect(tab.answer?.text).to.equal(text);
    });
  const soFar = (count: number): string => TEXTS.slice(0, count - 1).join('');

  it('share the connection of the one that asks', async () => {
    const [asker, second] = [chat.openTab(), chat.openTab()];
    const asked = asker.ask('?', async () => chat.connect());
    await eventually(async () => expect(second.isFollowing).to.equal(true));
    for (const event of events) chat.write(event);
    expect(await asked).to.deep.equal({ kind: 'ended' });
    await hasText(second, WHOLE);
    expect(second.answer).to.deep.equal(asker.answer);
    expect(chat).to.deep.include({ opened: [undefined], mostOpen: 1 });
  });

  it('tell one that comes late what there is so far', async () => {
    const first = chat.openTab();
    void first.follow();
    chat.write(...events.slice(0, 4));
    await hasText(first, soFar(4));
    const late = chat.openTab();
    void late.follow();
    await hasText(late, soFar(4));
    chat.write(...events.slice(4));
    await hasText(late, WHOLE);
    expect(chat.opened).to.deep.equal([undefined]);
  });

  it('read on from their own last event when the reader closes', async () => {
    const tabs = [chat.openTab(), chat.openTab(), chat.openTab()];
    for (const tab of tabs) {
      void tab.follow();
      await new Promise((resolve) => setImmediate(resolve));
    }
    chat.write(...events.slice(0, 3));
    for (const tab of tabs) await hasText(tab, soFar(3));
    tabs[0]?.close();
    await eventually(async () => expect(chat.opened).to.have.length(2));
    chat.write(...events.slice(3, 5));
    for (const tab of tabs.slice(1)) await hasText(tab, soFar(5));
    tabs[1]?.close();
    await eventually(async () => expect(chat.opened).to.have.length(3));
    chat.write(...events.slice(5));
    await hasText(tabs[2] as ChatFeed, WHOLE);
    expect(chat.opened).to.deep.equal([undefined, 3, 5]);
    expect(chat.mostOpen).to.equal(1);
  });

  it('lose nothing when the connection breaks at every event', async () => {
    const [reader, listener] = [chat.openTab(), chat.openTab()];
    const followed = reader.follow();
    await eventually(async () => expect(chat.opened).to.have.length(1));
    void listener.follow();
    for (const [index, event] of events.entries()) {
      chat.write(event);
      await eventually(async () => expect(reader.answer?.cursor).to.equal(event.offset));
      if (index === events.length - 1) break;
      chat.cut();
      await eventually(async () => expect(chat.opened).to.have.length(index + 2));
    }
    expect(await followed).to.deep.equal({ kind: 'ended' });
    await hasText(listener, WHOLE);
    expect(chat.opened).to.deep.equal([undefined, ...events.slice(0, -1).map(({ offset }) => offset)]);
  });

  it('try again while the server is away, and give up where it refuses', async () => {
    const tab = chat.openTab();
    chat.write(...events);
    chat.refusals.push(
      new Response('{}', { status: 503, headers: { 'retry-after': '1' } }),
      new Response('{}', { status: 429 }),
    );
    expect(await tab.follow()).to.deep.equal({ kind: 'ended' });
    expect(tab.answer?.text).to.equal(WHOLE);
    chat.refusals.push(new Response(null, { status: 204 }));
    expect(await tab.follow()).to.deep.equal({ kind: 'nothing' });
    chat.refusals.push(new Response('{"code":"chat.not_found"}', { status: 404 }));
    expect(await tab.follow()).to.deep.equal({
      kind: 'refused',
      status: 404,
      problem: { code: 'chat.not_found' },
    });
    expect(chat.opened.slice(-2), 'and each time from the last event').to.deep.equal([8, 8]);
  });

  it('begin anew where what follows their cursor is not kept', async () => {
    const tab = chat.openTab();
    chat.refusals.push(
      new Response('id: 40\nevent: error\ndata: {"code":"stream.offset_lost","message":"lost"}\n\n'),
    );
    expect(await tab.follow()).to.deep.equal({ kind: 'lost' });
    expect(tab.answer).to.equal(undefined);
  });

  it('tell the end to whoever asked, also when the next question comes at once', async () => {
    const tab = chat.openTab();
    const one = tab.ask('one', async () => chat.connect());
    await eventually(async () => expect(chat.opened).to.have.length(1));
    let two: ReturnType<ChatFeed['ask']> | undefined;
    chat.onEndRead = (): void => {
      two ??= tab.ask('two', async () => chat.connect(8));
    };
    chat.write(...events);
    expect(await one).to.deep.equal({ kind: 'ended' });
    chat.write(...streamFrom(9, ['More.']));
    expect(await two).to.deep.equal({ kind: 'ended' });
  });

  it('take the next question when the one before has ended', async () => {
    const [first, second] = [chat.openTab(), chat.openTab()];
    const one = first.ask('one', async () => chat.connect());
    await eventually(async () => expect(second.isFollowing).to.equal(true));
    chat.write(...events);
    await one;
    const next = streamFrom(9, ['More.']);
    const two = second.ask('two', async () => chat.connect(8));
    await eventually(async () => expect(first.isFollowing).to.equal(true));
    chat.write(...next);
    expect(await two).to.deep.equal({ kind: 'ended' });
    await hasText(first, 'More.');
    expect(chat).to.deep.include({ opened: [undefined, 8], mostOpen: 1 });
  });
});
