import { expect } from 'chai';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { transcriptOf } from '../../../src/domain/streaming/stream-event.ts';
import { ANNA, chatId } from '../../support/stream-builders.ts';
import { readAll, StreamingWorld } from '../../support/streaming-world.ts';

const FULL = new PortError('unavailable', 'store', 'disk full');
const UNKNOWN = new PortError('timeout', 'store', 'no answer');

describe('a store that is away', () => {
  it('for less than 10 s loses nothing', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    const reading = readAll(opened.events);
    world.faults.append = FULL;
    world.model.call.say('a', 'b');
    await world.timers.advance(5_000);
    delete world.faults.append;
    await world.timers.advance(5_000);
    world.model.call.end();
    const events = await reading;
    expect(transcriptOf(events)).to.equal('ab');
    expect(events.at(-1)?.type).to.equal('done');
  });

  for (const [how, fault] of [
    ['fails', FULL],
    ['never answers', new Promise<never>(() => undefined)],
  ] as const) {
    it(`and ${how} for 10 s closes the upstream and disconnects readers without an end`, async () => {
      const world = await StreamingWorld.create();
      const opened = await world.begin();
      const reading = readAll(opened.events);
      world.model.call.say('kept ');
      await world.settle();
      world.faults.append = fault;
      world.faults.seal = FULL;
      world.model.call.say('lost');
      await world.timers.advance(11_000);
      expect(world.model.call.isAborted).to.equal(true);
      expect((await reading).at(-1)?.type).to.equal('chunk');
      expect(opened.events.reachedEnd).to.equal(false);
      expect(world.stored(opened.id).state).to.equal('running');

      delete world.faults.seal;
      await world.timers.advance(10_000);
      expect(world.stored(opened.id).state).to.equal('interrupted');
      expect(world.stored(opened.id).end).to.include({ inputTokens: 4, outputTokens: 1 });
      expect(world.holds.resolved).to.deep.equal([{ kind: 'abort', id: opened.id, tokens: 5 }]);
      expect((await world.chats.messages(chatId(1))).at(-1)?.content).to.equal('kept ');
      expect(world.running.size).to.equal(0);
    });
  }

  it('whose append was carried out although its outcome was unknown stores nothing twice', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    const reading = readAll(opened.events);
    world.faults.appendUnknown = UNKNOWN;
    world.model.call.say('once');
    await world.timers.advance(1_000);
    world.model.call.end();
    expect(transcriptOf(await reading)).to.equal('once');
  });

  it('whose seal was carried out although its outcome was unknown ends the stream once', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    const reading = readAll(opened.events);
    world.faults.sealUnknown = UNKNOWN;
    world.model.call.end();
    await world.timers.advance(1_000);
    expect((await reading).filter(({ type }) => type === 'done')).to.have.length(1);
    expect(world.holds.resolutionsOf(opened.id)).to.have.length(1);
  });

  it('holds the model back when more than 256 KiB wait to be stored', async () => {
    const world = await StreamingWorld.create();
    await world.begin();
    let release: () => void = () => undefined;
    world.faults.append = new Promise<never>((resolve) => {
      release = resolve as () => void;
    });
    for (let piece = 0; piece < 10; piece += 1) world.model.call.say('x'.repeat(100_000));
    await world.settle();
    expect(world.model.call.waiting).to.be.greaterThan(5);
    release();
    await world.settle();
    expect(world.model.call.waiting).to.equal(0);
  });
});

describe('recovery at start', () => {
  it('ends what was running as interrupted, billed to its last stored event', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('a', 'b');
    await world.settle();
    expect(await world.recoverStreams.execute()).to.deep.equal({ abandoned: 0, interrupted: 1, stopped: 0 });
    expect(world.stored(opened.id).end).to.include({ kind: 'interrupted', inputTokens: 4, outputTokens: 2 });
    const log = await world.eventLog.read(opened.id, 0, 100);
    expect(log.at(-1)?.type).to.equal('error');
    await world.settleIntents.pass();
    expect(world.holds.resolved).to.deep.equal([{ kind: 'abort', id: opened.id, tokens: 6 }]);
    expect(await world.recoverStreams.execute()).to.deep.equal({ abandoned: 0, interrupted: 0, stopped: 0 });
  });

  it('charges nothing when no chunk is stored', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    await world.recoverStreams.execute();
    expect(world.stored(opened.id).end).to.include({ inputTokens: 0, outputTokens: 0, chargeMicros: 0 });
  });

  it('voids the hold of what was opening and frees its slot', async () => {
    const world = await StreamingWorld.create();
    world.holds.reserve = () => new Promise<never>(() => undefined);
    void world.open();
    await world.settle();
    expect(await world.recoverStreams.execute()).to.deep.equal({ abandoned: 1, interrupted: 0, stopped: 0 });
    await world.settleIntents.pass();
    expect(world.holds.resolved[0]).to.include({ kind: 'abort', tokens: 0 });
    expect(world.store.streams.size).to.equal(0);
  });
});

describe('deleting a chat', () => {
  it('stops and settles its running stream first', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('half');
    await world.settle();
    await world.deleteChat.execute({ owner: ANNA, chatId: chatId(1) });
    expect(world.model.call.isAborted).to.equal(true);
    expect(world.holds.resolutionsOf(opened.id)).to.deep.equal([
      { kind: 'finalize', id: opened.id, tokens: 5, success: true },
    ]);
    expect(world.store.chats.size).to.equal(0);
  });

  it('ends a reader who is behind: his connection is cut, not kept open for ever', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    await opened.events.next();
    world.model.call.say('a', 'b');
    await world.settle();
    // So much waits for him that he is sent back to the log, which is gone when he comes.
    for (let turn = 0; turn < 6; turn += 1) {
      world.model.call.say('x'.repeat(50_000));
      await world.settle();
    }
    await world.deleteChat.execute({ owner: ANNA, chatId: chatId(1) });
    expect((await opened.events.next()).done).to.equal(true);
    expect(opened.events.reachedEnd).to.equal(false);
  });

  it('ends a reader who replays an ended stream page by page', async () => {
    const world = await StreamingWorld.create();
    await world.finish(1, 'text');
    const followed = await world.followStream.execute({ owner: ANNA, chatId: chatId(1) });
    if (followed.kind !== 'following') throw new Error(`found ${followed.kind}`);
    await world.deleteChat.execute({ owner: ANNA, chatId: chatId(1) });
    expect((await followed.events.next()).done).to.equal(true);
  });
});
