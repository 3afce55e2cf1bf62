import { expect } from 'chai';
import type { EventLog } from '../../src/application/ports/streaming/event-log.ts';
import { isTerminal, type StreamEvent } from '../../src/domain/streaming/stream-event.ts';
import type { StreamId } from '../../src/domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../src/domain/streaming/streaming-session.ts';
import { expectFault } from '../support/faults.ts';
import {
  aChat,
  aSeal,
  chunks,
  firstEvent,
  numberedStream,
  OPENED_AT_MS,
  open,
  runThrough,
  type StreamingStores,
  start,
} from '../support/stream-builders.ts';

/** The behaviour of every `EventLog`. */
export function describeEventLog(name: string, create: () => Promise<StreamingStores>): void {
  describe(`${name} as an EventLog`, () => {
    let stores: StreamingStores;
    let events: EventLog;
    beforeEach(async () => {
      stores = await create();
      events = stores.events;
      for (const number of [1, 2]) await stores.chats.add(aChat(number), undefined, 10);
    });

    describeReads(() => stores);
    describeRaces(() => stores);

    it('refuses events that are not at the next offset', async () => {
      const { id } = await start(stores, 1);
      await expectFault(events.append(id, chunks(1, 'again')), 'conflict');
      await expectFault(events.append(id, chunks(3, 'gap')), 'conflict');
      const [second, fourth] = [chunks(2, 'a')[0], chunks(4, 'b')[0]];
      await expectFault(events.append(id, [second, fourth] as StreamEvent[]), 'conflict');
      expect(await events.read(id, 0, 10)).to.have.length(1);
    });

    it('takes no events of a stream that is unknown, opening or ended', async () => {
      await expectFault(events.append(numberedStream(9), chunks(1, 'a')), 'conflict');
      const opening = await open(stores, 1);
      await expectFault(events.append(opening.id, chunks(1, 'a')), 'conflict');
      const ended = await runThrough(stores, 2, 2);
      await expectFault(events.append(ended.id, chunks(5, 'a')), 'conflict');
      expect(await events.read(opening.id, 0, 10)).to.deep.equal([]);
    });

    it('forgets the events of an expired stream', async () => {
      const { id } = await runThrough(stores, 1);
      expect(await events.read(id, 0, 10)).to.have.length(4);
      await stores.streams.acknowledgeIntent(id);
      await stores.streams.expireEnded(OPENED_AT_MS + 1_000, 10);
      expect(await events.read(id, 0, 10)).to.deep.equal([]);
    });
  });
}

function describeReads(stores: () => StreamingStores): void {
  const everything = ['plain', '“quoted”\n\t\\', '🦜 ünï', '\u2028\u0000@x'];

  it('gives events back as they were appended, while running and after the end', async () => {
    const { streams, events } = stores();
    const running = await start(stores(), 1);
    const middle = chunks(2, ...everything);
    await events.append(running.id, middle.slice(0, 1));
    await events.append(running.id, middle.slice(1));
    expect(await events.read(running.id, 0, 10)).to.deep.equal([firstEvent(running), ...middle]);
    const seal = aSeal(running, 6);
    await streams.seal(seal);
    const whole = [firstEvent(running), ...middle, seal.terminal];
    expect(await events.read(running.id, 0, 10)).to.deep.equal(whole);
  });

  for (const state of ['running', 'ended']) {
    it(`reads a ${state} stream on in pages without a gap or a repeat`, async () => {
      const { streams, events } = stores();
      const running = await start(stores(), 1);
      await events.append(running.id, chunks(2, ...'abcdefgh'));
      if (state === 'ended') await streams.seal(aSeal(running, 10));
      const last = state === 'ended' ? 10 : 9;
      const seen: number[] = [];
      for (let cursor = 0; ; cursor = seen.at(-1) ?? 0) {
        const page = await events.read(running.id, cursor, 3);
        if (page.length === 0) break;
        expect(page.length).to.be.at.most(3);
        seen.push(...page.map(({ offset }) => offset));
      }
      expect(seen).to.deep.equal(Array.from({ length: last }, (_, index) => index + 1));
    });
  }

  it('counts on in the next stream of the chat', async () => {
    await runThrough(stores(), 1);
    const second = await start(stores(), 2);
    expect(second.firstOffset).to.equal(5);
    await stores().events.append(second.id, chunks(6, 'more'));
    const read = await stores().events.read(second.id, 0, 10);
    expect(read.map(({ offset }) => offset)).to.deep.equal([5, 6]);
    expect(await stores().events.read(second.id, 6, 10)).to.deep.equal([]);
  });

  it('keeps the events of many streams apart', async () => {
    const sessions: StreamingSessionState[] = [];
    for (let number = 3; number < 23; number += 1) {
      await stores().chats.add(aChat(number), undefined, 100);
      sessions.push(await start(stores(), number, number));
    }
    const { events } = stores();
    for (let offset = 2; offset < 8; offset += 1) {
      await Promise.all(sessions.map(({ id }) => events.append(id, chunks(offset, `${id}:${offset}`))));
    }
    for (const session of sessions) {
      const texts = [2, 3, 4, 5, 6, 7].map((offset) => `${session.id}:${offset}`);
      expect(await events.read(session.id, 1, 10)).to.deep.equal(chunks(2, ...texts));
    }
  });
}

function describeRaces(stores: () => StreamingStores): void {
  it('lets one of two racing appends at an offset through', async () => {
    const { id } = await start(stores(), 1);
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c'].map((text) => stores().events.append(id, chunks(2, text))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    expect(await stores().events.read(id, 1, 10)).to.have.length(1);
  });

  const race = async (
    id: StreamId,
    writes: ReadonlyArray<() => Promise<unknown>>,
  ): Promise<StreamEvent[]> => {
    await Promise.allSettled(writes.map((write) => write()));
    return [...(await stores().events.read(id, 0, 10))];
  };

  for (const first of ['append', 'seal'] as const) {
    it(`keeps offsets whole when an append races an end at its offset, ${first} first`, async () => {
      const running = await start(stores(), 1);
      let outcome: string | undefined;
      const append = () => stores().events.append(running.id, chunks(2, 'a'));
      const end = async () => {
        outcome = await stores().streams.seal(aSeal(running, 2));
      };
      const log = await race(running.id, first === 'append' ? [append, end] : [end, append]);
      expect(log.map(({ offset }) => offset)).to.deep.equal([1, 2]);
      expect(log.some(isTerminal)).to.equal(outcome === 'sealed');
    });
  }

  it('has the last event as soon as the stream is seen to have ended', async () => {
    const { streams, events } = stores();
    const running = await start(stores(), 1);
    const seal = aSeal(running, 2);
    const sealing = streams.seal(seal);
    // The store is asked in one turn of the event loop, so that it cannot hear meanwhile what became of its write.
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const giveUpAtMs = performance.now() + 5_000;
    while ((await streams.latestOf(running.chatId))?.end === undefined && performance.now() < giveUpAtMs);
    expect(await events.read(running.id, 1, 10)).to.deep.equal([seal.terminal]);
    expect(await sealing).to.equal('sealed');
  });

  it('lets an end follow an append that is under way', async () => {
    const running = await start(stores(), 1);
    const log = await race(running.id, [
      () => stores().events.append(running.id, chunks(2, 'a')),
      () => stores().streams.seal(aSeal(running, 3)),
    ]);
    expect(log.map(({ offset }) => offset)).to.deep.equal([1, 2, 3]);
    expect(log.map(isTerminal)).to.deep.equal([false, false, true]);
  });
}
