import { expect } from 'chai';
import fc from 'fast-check';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { StreamReader } from '../../../src/application/streaming/engine/stream-reader.ts';
import { FollowStream } from '../../../src/application/streaming/follow-stream.ts';
import { type StreamEvent, transcriptOf } from '../../../src/domain/streaming/stream-event.ts';
import { expectFault } from '../../support/faults.ts';
import { expectRefusal } from '../../support/refusals.ts';
import { ANNA, BERT, chatId } from '../../support/stream-builders.ts';
import { readAll, StreamingWorld } from '../../support/streaming-world.ts';

const follow = (world: StreamingWorld, cursor?: number) =>
  world.followStream.execute({ owner: ANNA, chatId: chatId(1), ...(cursor === undefined ? {} : { cursor }) });

async function following(world: StreamingWorld, cursor?: number): Promise<StreamReader> {
  const followed = await follow(world, cursor);
  if (followed.kind !== 'following') throw new Error(`found ${followed.kind}`);
  return followed.events;
}

const offsets = (events: readonly StreamEvent[]): number[] => events.map(({ offset }) => offset);

describe('following a chat', () => {
  it('counts a reader out who cannot be told what follows, whoever asked for it', async () => {
    const world = await StreamingWorld.create({ maxReaders: 1 });
    const opened = await world.begin();
    opened.events.close();
    const { eventLog } = world;
    const read = eventLog.read;
    const reader = await following(world);
    Object.assign(eventLog, { read: () => Promise.reject(new PortError('unavailable', 'store', 'away')) });
    await expectFault(reader.next(), 'unavailable');
    Object.assign(eventLog, { read });
    const next = await following(world);
    expect(offsets((await next.next()).value ?? [])).to.deep.equal([1]);
    next.close();
  });

  it('finds nothing where there never was a stream, with or without a cursor', async () => {
    const world = await StreamingWorld.create();
    expect(await follow(world)).to.deep.equal({ kind: 'nothing', lastOffset: 0 });
    expect(await follow(world, 0)).to.deep.equal({ kind: 'nothing', lastOffset: 0 });
  });

  it('has nothing for who has the end of a stream that expires while it is looked for', async () => {
    const world = await StreamingWorld.create();
    await world.finish(1, 'a', 'b');
    const streams = new Proxy(world.streams, {
      get: (target, name) => (name === 'streamAt' ? async () => undefined : Reflect.get(target, name)),
    });
    const followStream = new FollowStream({ ...world, streams });
    const at = { owner: ANNA, chatId: chatId(1) };
    expect(await followStream.execute({ ...at, cursor: 4 })).to.deep.equal({
      kind: 'nothing',
      lastOffset: 4,
    });
    expect((await followStream.execute({ ...at, cursor: 3 })).kind).to.equal('lost');
  });

  it('after everything has expired tells who has not the last end that he missed something', async () => {
    const world = await StreamingWorld.create({ retentionMs: 1_000 });
    await world.finish(1, 'a', 'b');
    await world.timers.advance(2_000);
    expect(await world.expireStreams.pass()).to.equal(1);
    expect(await follow(world)).to.deep.equal({ kind: 'nothing', lastOffset: 4 });
    expect(await follow(world, 4)).to.deep.equal({ kind: 'nothing', lastOffset: 4 });
    for (const cursor of [0, 2, 5]) {
      const followed = await follow(world, cursor);
      expect(followed.kind === 'lost' && followed.event.offset).to.equal(4);
    }
  });

  for (const [what, cursor] of [
    ['from its beginning', undefined],
    ['from the cursor before it', 4],
  ] as const) {
    it(`waits for a stream that looks into the store are behind of, ${what}, and never says that there is none`, async () => {
      const world = await StreamingWorld.create();
      if (cursor !== undefined) await world.finish(1, 'a', 'b');
      const before = await world.streams.latestOf(chatId(1));
      let behind = 2;
      const streams = new Proxy(world.streams, {
        get: (target, name) => {
          if (name !== 'latestOf' && name !== 'streamAt') return Reflect.get(target, name);
          return async (...given: never[]) => {
            if (name === 'latestOf') behind -= 1;
            return behind >= 0
              ? before
              : (Reflect.get(target, name) as (...all: never[]) => unknown)(...given);
          };
        },
      });
      const followStream = new FollowStream({ ...world, streams });
      const at = { owner: ANNA, chatId: chatId(1), ...(cursor === undefined ? {} : { cursor }) };
      await world.finish(1, 'c');
      const last = await world.streams.latestOf(chatId(1));
      const found = followStream.execute(at);
      await world.timers.advance(1_000);
      const followed = await found;
      expect(followed.kind === 'following' && followed.id).to.equal(last?.id);
      behind = Number.POSITIVE_INFINITY;
      const refused = expectFault(followStream.execute(at), 'unavailable');
      await world.timers.advance(1_000);
      await refused;
    });
  }

  it("does not find another owner's chat", async () => {
    const world = await StreamingWorld.create();
    const other = world.followStream.execute({ owner: BERT, chatId: chatId(1) });
    await expectRefusal(other, 'chat.not_found');
  });

  describe('after two ended streams (1 to 4 and 5 to 7)', () => {
    let world: StreamingWorld;
    beforeEach(async () => {
      world = await StreamingWorld.create();
      await world.finish(1, 'a', 'b');
      await world.finish(1, 'c');
    });

    const table: ReadonlyArray<readonly [string, number | undefined, readonly number[]]> = [
      ['without a cursor replays the last one', undefined, [5, 6, 7]],
      ['at 0 replays the first one, end included', 0, [1, 2, 3, 4]],
      ['in the first one gets the rest of that one', 2, [3, 4]],
      ['just before the end of the first one gets its end', 3, [4]],
      ['at the end of the first one goes on with the second', 4, [5, 6, 7]],
      ['in the second one gets its rest', 6, [7]],
    ];
    for (const [title, cursor, expected] of table) {
      it(title, async () => {
        expect(offsets(await readAll(await following(world, cursor)))).to.deep.equal(expected);
      });
    }

    it('at the end of the last one finds nothing more', async () => {
      expect(await follow(world, 7)).to.deep.equal({ kind: 'nothing', lastOffset: 7 });
    });

    it('beyond the log is told so, with an id that does not loop', async () => {
      const followed = await follow(world, 8);
      if (followed.kind !== 'lost') throw new Error(`found ${followed.kind}`);
      expect(followed.event).to.include({ type: 'error', offset: 7 });
      expect(JSON.parse(followed.event.json).code).to.equal('stream.offset_lost');
      expect(await follow(world, followed.event.offset)).to.deep.equal({ kind: 'nothing', lastOffset: 7 });
    });

    it('goes on live with a third one from the end of the second', async () => {
      const opened = await world.begin();
      const reading = readAll(await following(world, 7));
      world.model.call.say('d');
      await world.settle();
      world.model.call.end();
      expect(offsets(await reading)).to.deep.equal([8, 9, 10]);
      expect((await readAll(opened.events)).length).to.equal(3);
    });
  });

  it('with a cursor older than what is kept is told so, never sent a silent gap', async () => {
    const world = await StreamingWorld.create({ retentionMs: 60_000 });
    await world.finish(1, 'old');
    await world.timers.advance(50_000);
    await world.finish(1, 'new');
    await world.timers.advance(20_000);
    expect(await world.expireStreams.pass()).to.equal(1);
    expect((await follow(world, 1)).kind).to.equal('lost');
    expect(offsets(await readAll(await following(world, 3)))).to.deep.equal([4, 5, 6]);
  });

  it('of a running stream is told when its cursor is beyond what is stored', async () => {
    const world = await StreamingWorld.create();
    await world.begin();
    expect((await follow(world, 1)).kind).to.equal('following');
    const followed = await follow(world, 2);
    expect(followed.kind === 'lost' && followed.event.offset).to.equal(1);
  });

  it('is for at most 32 readers of one stream, and a place is free again when one leaves', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    for (let reader = 1; reader < 32; reader += 1) await following(world);
    await expectRefusal(follow(world), 'stream.limit_reached');
    opened.events.close();
    await following(world);
  });
});

describe('a reader', () => {
  it('who does not read is let go when it is more than 1 MiB behind, and slows nobody', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    const quick = readAll(await following(world));
    const slow = opened.events;
    await slow.next();
    for (let turn = 0; turn < 20; turn += 1) {
      // One character is two units of JSON here, so that what waits passes the limit before the transcript does.
      world.model.call.say('\n'.repeat(50_000));
      await world.settle();
    }
    world.model.call.say('\n'.repeat(40_000));
    world.model.call.end();
    expect(transcriptOf(await quick)).to.have.length(1_040_000);
    expect((await slow.next()).done).to.equal(true);
    expect(slow.reachedEnd).to.equal(false);
  });

  it('reads the log again when the tail has lost something', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    const publish = world.tail.publish.bind(world.tail);
    let published = 0;
    world.tail.publish = (id, events) => {
      published += 1;
      if (published % 2 === 1) publish(id, events);
    };
    const reading = readAll(opened.events);
    for (const text of ['a', 'b', 'c', 'd', 'e']) {
      world.model.call.say(text);
      await world.settle();
    }
    world.model.call.end();
    await world.running.find(opened.id)?.closed;
    world.tail.disconnect(opened.id);
    const events = await reading;
    expect(offsets(events)).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
    expect(transcriptOf(events)).to.equal('abcde');
  });

  it('that may have missed something looks into the log, and goes on waiting for what is live', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    const publish = world.tail.publish;
    const say = async (text: string): Promise<void> => {
      world.model.call.say(text);
      await world.settle();
    };
    const reading = readAll(opened.events);
    opened.events.onMissed();
    await world.settle();
    await say('live ');
    world.tail.publish = () => undefined;
    await say('lost ');
    opened.events.onMissed();
    opened.events.onMissed();
    await world.settle();
    opened.events.onMissed();
    await world.settle();
    world.tail.publish = publish;
    await say('live again ');
    world.tail.publish = () => undefined;
    world.model.call.end();
    await world.running.find(opened.id)?.closed;
    opened.events.onMissed();
    const events = await reading;
    expect(offsets(events)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(transcriptOf(events)).to.equal('live lost live again ');
    opened.events.onMissed();
  });

  it('stays when the log cannot be read and nothing is known to be missing, else goes', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    const reading = readAll(opened.events);
    await world.settle();
    const { read } = world.eventLog;
    world.eventLog.read = async () => {
      throw new Error('the store is away');
    };
    opened.events.onMissed();
    opened.events.onMissed();
    await world.settle();
    expect(opened.events.progressedAtMs(world.clock.nowMs())).to.equal(world.clock.nowMs());
    world.eventLog.read = read;
    world.model.call.say('live');
    await world.settle();
    world.model.call.say(' again');
    await world.settle();
    world.eventLog.read = async () => {
      throw new Error('the store is away');
    };
    opened.events.onMissed();
    await world.settle();
    opened.events.onDisconnected();
    const events = await reading;
    expect(transcriptOf(events)).to.equal('live again');
    expect(opened.events.reachedEnd).to.equal(false);
  });

  it('looks into the log together with all that are told at the same moment', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    const readers = [opened.events];
    for (let reader = 1; reader < 32; reader += 1) readers.push(await following(world));
    const readings = readers.map(readAll);
    await world.settle();
    world.tail.publish = () => undefined;
    world.model.call.say('lost');
    await world.settle();
    let reads = 0;
    const read = world.eventLog.read.bind(world.eventLog);
    world.eventLog.read = (...given) => {
      reads += 1;
      return read(...given);
    };
    for (const reader of readers) reader.onMissed();
    await world.settle();
    // One finds the event and another nothing after it, give or take who came to it a moment later.
    expect(reads).to.be.within(2, 4);
    world.model.call.end();
    await world.running.find(opened.id)?.closed;
    for (const reader of readers) reader.onMissed();
    for (const events of await Promise.all(readings)) expect(offsets(events)).to.deep.equal([1, 2, 3]);
  });

  it('who is cut at random and comes back with its cursor has every event once', async () => {
    const pieces = fc.array(fc.string({ minLength: 1, maxLength: 5, unit: 'binary' }), {
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(pieces, fc.array(fc.nat(4), { maxLength: 30 }), async (texts, cuts) => {
        const world = await StreamingWorld.create();
        const opened = await world.begin();
        const whole = readAll(await following(world));
        const speak = (async () => {
          for (const text of texts) {
            world.model.call.say(text);
            await new Promise((resolve) => setImmediate(resolve));
          }
          world.model.call.end();
        })();
        const got: StreamEvent[] = [];
        let reader = opened.events;
        for (const afterBatches of [...cuts, Number.POSITIVE_INFINITY]) {
          for (let batch = 0; batch < afterBatches; batch += 1) {
            const step = await reader.next();
            if (step.done) break;
            got.push(...step.value);
          }
          reader.close();
          const followed = await follow(world, got.at(-1)?.offset ?? 0);
          if (followed.kind !== 'following') break;
          reader = followed.events;
        }
        for await (const events of reader) got.push(...events);
        await speak;
        const truth = await whole;
        expect(offsets(got)).to.deep.equal(truth.map((_, index) => index + 1));
        expect(transcriptOf(got)).to.equal(texts.join('').toWellFormed());
      }),
      { numRuns: 60 },
    );
  });
});
