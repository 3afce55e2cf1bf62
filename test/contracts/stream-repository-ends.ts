import { expect } from 'chai';
import type { StreamRepository } from '../../src/application/ports/streaming/stream-repository.ts';
import {
  StreamingSession,
  type StreamingSessionState,
} from '../../src/domain/streaming/streaming-session.ts';
import {
  ANNA,
  aClaim,
  activated,
  anIntent,
  aQuestion,
  aSeal,
  chatId,
  chunks,
  firstEvent,
  numberedStream,
  OPENED_AT_MS,
  open,
  runThrough,
  type StreamingStores,
  start,
} from '../support/stream-builders.ts';

/** What a `StreamRepository` does with the end of a stream and what follows it. */
export function describeStreamEnds(stores: () => StreamingStores): void {
  describe('an end', () => describeSeal(stores));
  describe('a receipt', () => describeReceipt(() => stores().streams, stores));
  describe('expiry', () => describeExpiry(stores));
}

function describeSeal(stores: () => StreamingStores): void {
  it('is one write of the state, the last event, the message and the intent, and frees the slot', async () => {
    const { streams, events, chats } = stores();
    const running = await start(stores(), 1);
    await events.append(running.id, chunks(2, 'Like this.'));
    const seal = aSeal(running, 3);
    expect(await streams.seal(seal)).to.equal('sealed');
    expect(await streams.latestOf(chatId(1))).to.deep.equal(seal.session);
    expect((await events.read(running.id, 2, 10))[0]).to.deep.equal(seal.terminal);
    expect(await chats.messages(chatId(1), 1)).to.deep.equal([seal.message]);
    expect(await streams.pendingIntents(10)).to.deep.equal([anIntent(running.id)]);
    expect(await streams.active()).to.deep.equal([]);
    expect(await chats.find(ANNA, chatId(1))).to.deep.include({ updatedAtMs: OPENED_AT_MS + 500 });
  });

  it('moves where the events of the chat end, which nothing else does', async () => {
    const end = () => stores().streams.logEnd(chatId(1));
    expect(await end()).to.deep.equal({ lastOffset: 0, isRunning: false });
    const { streams, events } = stores();
    const opening = await open(stores(), 1);
    expect(await end()).to.deep.equal({ lastOffset: 0, isRunning: false });
    const running = activated(opening);
    await streams.activate(running, firstEvent(running));
    await events.append(running.id, chunks(2, 'Like this.'));
    expect(await end()).to.deep.equal({ lastOffset: 0, isRunning: true });
    await streams.seal(aSeal(running, 3));
    expect(await end()).to.deep.equal({ lastOffset: 3, isRunning: false });
    await start(stores(), 2);
    expect(await end()).to.deep.equal({ lastOffset: 3, isRunning: true });
    expect(await stores().streams.logEnd(chatId(99))).to.deep.equal({ lastOffset: 0, isRunning: false });
  });

  it('stores no message when no text was produced', async () => {
    const running = await start(stores(), 1);
    const { message: _, ...silent } = aSeal(running, 2);
    expect(await stores().streams.seal(silent)).to.equal('sealed');
    expect(await stores().chats.messages(chatId(1))).to.deep.equal([aQuestion()]);
  });

  it('happens once, however many race', async () => {
    const running = await start(stores(), 1);
    const seals = [1, 2, 3, 4, 5].map((delay) => aSeal(running, 2, OPENED_AT_MS + delay));
    const outcomes = await Promise.all(seals.map((seal) => stores().streams.seal(seal)));
    expect(outcomes.filter((outcome) => outcome === 'sealed')).to.have.length(1);
    const winner = seals[outcomes.indexOf('sealed')];
    expect(await stores().streams.latestOf(chatId(1))).to.deep.equal(winner?.session);
    expect(await stores().events.read(running.id, 0, 10)).to.have.length(2);
    expect(await stores().chats.messages(chatId(1))).to.have.length(2);
    expect(await stores().streams.pendingIntents(10)).to.have.length(1);
  });

  it('is lost at an offset that is taken or lies beyond the next one, and changes nothing', async () => {
    const running = await start(stores(), 1);
    await stores().events.append(running.id, chunks(2, 'a'));
    expect(await stores().streams.seal(aSeal(running, 2))).to.equal('lost');
    expect(await stores().streams.seal(aSeal(running, 4))).to.equal('lost');
    expect(await stores().streams.latestOf(chatId(1))).to.deep.equal(running);
    expect(await stores().streams.pendingIntents(10)).to.deep.equal([]);
    expect(await stores().streams.seal(aSeal(running, 3))).to.equal('sealed');
  });

  it('is lost on a stream that has ended', async () => {
    const running = await start(stores(), 1);
    await stores().streams.seal(aSeal(running, 2));
    expect(await stores().streams.seal(aSeal(running, 3))).to.equal('lost');
  });
}

function describeReceipt(streams: () => StreamRepository, stores: () => StreamingStores): void {
  const accepted = (ended: StreamingSessionState, bodySha256: string): StreamingSessionState => {
    const text = 'Like this.';
    const decision = StreamingSession.restore(ended).receive({ text, bodySha256 }, text, OPENED_AT_MS + 900);
    if (decision.kind !== 'accepted') throw new Error('an ended stream takes its receipt');
    return decision.session.snapshot();
  };

  it('is stored once, however many race', async () => {
    const ended = await runThrough(stores(), 1);
    const receipts = ['a0', 'b1', 'c2'].map((hash) => accepted(ended, hash));
    const outcomes = await Promise.all(receipts.map((receipt) => streams().accept(receipt, 'finished')));
    expect(outcomes.filter(Boolean)).to.have.length(1);
    const winner = receipts[outcomes.indexOf(true)];
    expect(await streams().latestOf(chatId(1))).to.deep.equal(winner);
  });

  it('is refused when the stream is in another state than it was accepted in', async () => {
    const ended = await runThrough(stores(), 1);
    expect(await streams().accept(accepted(ended, 'a0'), 'stopped')).to.equal(false);
    expect(await streams().latestOf(chatId(1))).to.deep.equal(ended);
  });
}

function describeExpiry(stores: () => StreamingStores): void {
  const expire = (endedBeforeMs: number, limit = 10): Promise<number> =>
    stores().streams.expireEnded(endedBeforeMs, limit);
  const stateOf = async (number: number): Promise<string | undefined> =>
    (await stores().streams.findOwned(ANNA, chatId(1), numberedStream(number)))?.session.state;

  async function endedAndSettled(number: number, endedAtMs: number): Promise<void> {
    await runThrough(stores(), number, 1, endedAtMs);
    await stores().streams.acknowledgeIntent(numberedStream(number));
  }

  it('makes tombstones of streams that ended before a time, and leaves the later ones', async () => {
    await endedAndSettled(1, OPENED_AT_MS + 100);
    await endedAndSettled(2, OPENED_AT_MS + 200);
    expect(await expire(OPENED_AT_MS + 200)).to.equal(1);
    expect([await stateOf(1), await stateOf(2)]).to.deep.equal(['expired', 'finished']);
    expect(await expire(OPENED_AT_MS + 200)).to.equal(0);
    expect(await stores().events.read(numberedStream(2), 0, 10)).to.have.length(4);
  });

  it('takes no more than its limit at once', async () => {
    for (const number of [1, 2, 3]) await endedAndSettled(number, OPENED_AT_MS + number);
    expect(await expire(OPENED_AT_MS + 1_000, 2)).to.equal(2);
    expect(await expire(OPENED_AT_MS + 1_000, 2)).to.equal(1);
  });

  it('leaves streams that run, and those that accounting has not heard of', async () => {
    await runThrough(stores(), 1, 1, OPENED_AT_MS + 1);
    await start(stores(), 2);
    expect(await expire(OPENED_AT_MS + 1_000)).to.equal(0);
    expect([await stateOf(1), await stateOf(2)]).to.deep.equal(['finished', 'running']);
  });

  it('frees the start key and keeps the chat’s messages and its count of offsets', async () => {
    const { streams, chats } = stores();
    const key = { key: 'k', route: 'r', bodySha256: 'a' };
    const claimed = await streams.claim({ session: aClaim(1), message: aQuestion(), key });
    if (claimed.kind !== 'claimed') throw new Error('the slot is free');
    const running = activated(claimed.session);
    await streams.activate(running, firstEvent(running));
    await streams.seal(aSeal(running, 2));
    await streams.acknowledgeIntent(running.id);
    expect(await expire(OPENED_AT_MS + 1_000)).to.equal(1);
    expect(await chats.messages(chatId(1))).to.have.length(2);
    const reused = { ...key, bodySha256: 'b' };
    const next = await streams.claim({ session: aClaim(2), message: aQuestion(), key: reused });
    expect(next.kind === 'claimed' && next.session.firstOffset).to.equal(3);
  });
}
