import { expect } from 'chai';
import { FleetWorld } from '../../support/fleet-world.ts';
import { ANNA, BERT, chatId } from '../../support/stream-builders.ts';

describe('a reader at another node', () => {
  let fleet: FleetWorld;
  afterEach(() => fleet.close());

  /** A reader who takes whatever comes. */
  async function read(index: number) {
    const followed = await fleet.node(index).world.followStream.execute({ owner: ANNA, chatId: chatId(1) });
    if (followed.kind !== 'following') throw new Error('there is a stream');
    const { events } = followed;
    void (async () => {
      for await (const batch of events) void batch;
    })();
    await fleet.timers.advance(0);
    return events;
  }

  /** A stream of the first node whose own reader has gone. */
  async function start(deadlineMs: number) {
    fleet = await FleetWorld.create(2, { readerlessDeadlineMs: deadlineMs });
    const opened = await fleet.node(0).world.begin();
    await fleet.timers.advance(0);
    return { opened, state: () => fleet.node(1).world.stored(opened.id).state };
  }

  for (const deadlineMs of [2_000, 120_000]) {
    it(`keeps a stream alive beyond its deadline of ${deadlineMs} ms, and lets it end so long after he has left`, async () => {
      const { opened, state } = await start(deadlineMs);
      opened.events.close();
      fleet.loseWords();
      const events = await read(1);
      await fleet.timers.advance(deadlineMs * 3);
      expect(state()).to.equal('running');
      events.close();
      await fleet.timers.advance(deadlineMs * 2);
      expect(state()).to.equal('stopped');
    });
  }

  it('keeps a stream alive that stops with its last reader, until he leaves too', async () => {
    const { opened, state } = await start(0);
    const events = await read(1);
    opened.events.close();
    await fleet.timers.advance(60_000);
    expect(state()).to.equal('running');
    events.close();
    await fleet.timers.advance(3_000);
    expect(state()).to.equal('stopped');
  });

  it('keeps no stream alive by a node that is gone', async () => {
    const { opened, state } = await start(0);
    await read(1);
    opened.events.close();
    fleet.node(1).pause();
    await fleet.timers.advance(5_000);
    expect(state()).to.equal('stopped');
  });

  it('does not keep a stream alive that he only observes', async () => {
    const { opened, state } = await start(2_000);
    const observing = { observer: BERT, chatId: chatId(1), requestId: 'r' };
    await fleet.node(1).world.observeStream.execute(observing);
    opened.events.close();
    await fleet.timers.advance(5_000);
    expect(state()).to.equal('stopped');
  });

  it('is not needed where nobody else reads: a stream without a deadline stops at once', async () => {
    const { opened, state } = await start(0);
    opened.events.close();
    await fleet.timers.advance(0);
    expect(state()).to.equal('stopped');
  });
});
