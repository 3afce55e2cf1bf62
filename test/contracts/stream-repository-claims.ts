import { expect } from 'chai';
import type { ClaimOutcome } from '../../src/application/ports/streaming/stream-repository.ts';
import {
  aClaim,
  activated,
  aQuestion,
  aSeal,
  BERT,
  chatId,
  firstEvent,
  NODE_2,
  numberedStream,
  OPENED_AT_MS,
  open,
  runThrough,
  type StreamingStores,
  start,
} from '../support/stream-builders.ts';

const KEY = { key: 'retry-7', route: 'POST stream', bodySha256: 'f00d' };

/** What a `StreamRepository` does with claims of a chat's slot. */
export function describeStreamClaims(stores: () => StreamingStores): void {
  const claim = (number: number, chat = 1, key?: typeof KEY): Promise<ClaimOutcome> =>
    stores().streams.claim({
      session: aClaim(number, chat),
      message: aQuestion(`question ${number}`, OPENED_AT_MS + 77),
      ...(key === undefined ? {} : { key }),
    });

  describe('a claim', () => {
    it('takes the slot, stores the message and says where the events begin', async () => {
      const outcome = await claim(1);
      expect(outcome).to.deep.equal({ kind: 'claimed', session: { ...aClaim(1), firstOffset: 1 } });
      expect(await stores().chats.messages(chatId(1))).to.deep.equal([
        aQuestion('question 1', OPENED_AT_MS + 77),
      ]);
      expect(await stores().chats.find(aClaim(1).owner, chatId(1))).to.deep.include({
        updatedAtMs: OPENED_AT_MS + 77,
      });
    });

    it('keeps who drives the stream, from its claim to its tombstone', async () => {
      const { streams } = stores();
      const session = { ...aClaim(1), node: NODE_2 };
      const claimed = await streams.claim({ session, message: aQuestion() });
      if (claimed.kind !== 'claimed') throw new Error('the slot is free');
      expect((await streams.active()).map(({ node }) => node)).to.deep.equal([NODE_2]);
      const running = activated(claimed.session);
      await streams.activate(running, firstEvent(running));
      expect((await streams.latestOf(chatId(1)))?.node).to.equal(NODE_2);
      await streams.seal(aSeal(running, 2));
      expect((await streams.latestOf(chatId(1)))?.node).to.equal(NODE_2);
      await streams.acknowledgeIntent(running.id);
      await streams.expireEnded(OPENED_AT_MS + 1_000, 10);
      expect((await streams.tombstoneOf(chatId(1)))?.node).to.equal(NODE_2);
    });

    it('is won by one of many that race, and the others leave nothing', async () => {
      const outcomes = await Promise.all(Array.from({ length: 50 }, (_, index) => claim(index)));
      expect(outcomes.filter(({ kind }) => kind === 'claimed')).to.have.length(1);
      expect(outcomes.filter(({ kind }) => kind === 'taken')).to.have.length(49);
      expect(await stores().chats.messages(chatId(1))).to.have.length(1);
      expect(await stores().streams.active()).to.have.length(1);
    });

    it('finds the slot taken while a stream runs, and free after its end', async () => {
      const running = await start(stores(), 1);
      expect((await claim(2)).kind).to.equal('taken');
      expect((await claim(3, 2)).kind).to.equal('claimed');
      await stores().streams.seal(aSeal(running, 2));
      expect((await claim(4)).kind).to.equal('claimed');
    });

    it('begins one after the last event of the chat', async () => {
      const first = await runThrough(stores(), 1);
      const outcome = await claim(2);
      expect(outcome.kind === 'claimed' && outcome.session.firstOffset).to.equal(
        (first.end?.lastOffset ?? 0) + 1,
      );
    });

    it('finds no chat that is missing or somebody else’s', async () => {
      expect((await claim(1, 99)).kind).to.equal('not-found');
      expect((await claim(1, 3)).kind).to.equal('not-found');
      expect((await open(stores(), 2, 3, BERT)).state).to.equal('opening');
    });
  });

  describe('a start key', () => {
    it('answers with its stream while it is opening, running and ended', async () => {
      const opened = await claim(1, 1, KEY);
      if (opened.kind !== 'claimed') throw new Error('the slot is free');
      expect(await claim(2, 1, KEY)).to.deep.equal({ kind: 'replayed', session: opened.session });
      const running = activated(opened.session);
      await stores().streams.activate(running, firstEvent(running));
      expect(await claim(3, 1, KEY)).to.deep.equal({ kind: 'replayed', session: running });
      const seal = aSeal(running, 2);
      await stores().streams.seal({ ...seal, message: aQuestion('answer') });
      expect(await claim(4, 1, KEY)).to.deep.equal({ kind: 'replayed', session: seal.session });
      expect(await stores().chats.messages(chatId(1))).to.have.length(2);
    });

    it('is refused with another body, before the slot is looked at', async () => {
      await claim(1, 1, KEY);
      expect((await claim(2, 1, { ...KEY, bodySha256: 'beef' })).kind).to.equal('key-mismatch');
    });

    it('is one of its chat and its route', async () => {
      await claim(1, 1, KEY);
      expect((await claim(2, 2, KEY)).kind).to.equal('claimed');
      expect((await claim(3, 1, { ...KEY, route: 'POST messages' })).kind).to.equal('taken');
    });

    it('makes one stream of many racing repeats', async () => {
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(index, 1, KEY)));
      expect(outcomes.filter(({ kind }) => kind === 'claimed')).to.have.length(1);
      const ids = outcomes.map((outcome) => ('session' in outcome ? outcome.session.id : outcome.kind));
      expect(new Set(ids).size).to.equal(1);
    });

    it('is not stored by a claim that found the slot taken', async () => {
      await start(stores(), 1);
      expect((await claim(2, 1, KEY)).kind).to.equal('taken');
      expect((await claim(3, 1, { ...KEY, bodySha256: 'beef' })).kind).to.equal('taken');
      expect(await stores().streams.whereabouts(numberedStream(2))).to.equal('unknown');
    });
  });
}
