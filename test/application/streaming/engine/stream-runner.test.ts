import { expect } from 'chai';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import { DomainError } from '../../../../src/domain/domain-error.ts';
import { MAX_TRANSCRIPT_BYTES } from '../../../../src/domain/streaming/chat-session.ts';
import { transcriptOf } from '../../../../src/domain/streaming/stream-event.ts';
import { HOLD_LIFE_MS } from '../../../support/fake-credit-holds.ts';
import { chatId } from '../../../support/stream-builders.ts';
import { readAll, StreamingWorld } from '../../../support/streaming-world.ts';

const endOf = async (world: StreamingWorld, id: Parameters<StreamingWorld['stored']>[0]) => {
  const last = (await world.eventLog.read(id, 0, 10_000)).at(-1);
  const data = JSON.parse(last?.json ?? '{}') as Record<string, unknown>;
  return { ...data, type: last?.type } as Record<string, unknown>;
};

describe('a running stream', () => {
  it('ends with one done that tells what was used and charged', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.finish(1, 'Like ', 'this.');
    const end = await endOf(world, opened.id);
    expect(end).to.include({
      type: 'done',
      finishReason: 'stop',
      inputTokens: 4,
      outputTokens: 2,
      tokensUsed: 6,
    });
    expect(end.creditsCharged).to.equal(0.000006);
    expect(end.textSha256).to.equal(world.digest.sha256Hex('Like this.'));
    expect(world.holds.resolved).to.deep.equal([
      { kind: 'finalize', id: opened.id, tokens: 6, success: true },
    ]);
  });

  it("keeps the answer in the chat with its stream's state", async () => {
    const world = await StreamingWorld.create();
    await world.finish(1, 'Like ', 'this.');
    const last = (await world.chats.messages(chatId(1))).at(-1);
    expect(last).to.include({ role: 'assistant', content: 'Like this.', streamState: 'finished' });
  });

  it("believes the upstream's sane usage, and its own count otherwise", async () => {
    const world = await StreamingWorld.create();
    const usages = [
      [{ inputTokens: 7, outputTokens: 0 }, 7],
      [{ inputTokens: -1, outputTokens: 3 }, 5],
      [{ inputTokens: 9_999_999, outputTokens: 1 }, 5],
    ] as const;
    for (const [usage, tokensUsed] of usages) {
      await world.addChat(2);
      const opened = await world.begin(2);
      world.model.call.say('a');
      world.model.call.end({ usage });
      await world.running.find(opened.id)?.closed;
      expect((await endOf(world, opened.id)).tokensUsed).to.equal(tokensUsed);
      await world.chats.remove(world.stored(opened.id).owner, chatId(2));
    }
  });

  for (const [limitedBy, finishReason] of [
    ['model', 'length'],
    ['credit', 'credit'],
  ] as const) {
    it(`stops at the hold's maximum with ${finishReason} when ${limitedBy} limited it`, async () => {
      const world = await StreamingWorld.create();
      world.holds.maxOutputTokens = 2;
      world.holds.limitedBy = limitedBy;
      const opened = await world.begin();
      world.model.call.say('a', 'b', 'c', 'd');
      await world.running.find(opened.id)?.closed;
      expect(await endOf(world, opened.id)).to.include({ finishReason, outputTokens: 2 });
      expect(transcriptOf(await world.eventLog.read(opened.id, 0, 100))).to.equal('ab');
    });
  }

  it('ends a transcript at 1 MiB on a whole character', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('é'.repeat(MAX_TRANSCRIPT_BYTES / 2 - 1), 'x€');
    await world.running.find(opened.id)?.closed;
    expect((await endOf(world, opened.id)).finishReason).to.equal('length');
    const text = transcriptOf(await world.eventLog.read(opened.id, 0, 100));
    expect(text.endsWith('éx')).to.equal(true);
  });

  it('never cuts a character in two, and replaces half a character that never became whole', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('a\ud83d', '\ude00b', '\ud83d');
    world.model.call.end();
    await world.running.find(opened.id)?.closed;
    const texts = (await world.eventLog.read(opened.id, 0, 100)).filter(({ type }) => type === 'chunk');
    expect(texts.map(({ json }) => JSON.parse(json).text)).to.deep.equal(['a', '😀b', '\ufffd']);
  });

  it('charges nothing when the model fails before its first chunk', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.push(new DomainError('model.failed', 'The model failed'));
    await world.running.find(opened.id)?.closed;
    expect(await endOf(world, opened.id)).to.include({
      type: 'error',
      code: 'model.failed',
      creditsCharged: 0,
    });
    expect(world.holds.resolved).to.deep.equal([{ kind: 'abort', id: opened.id, tokens: 0 }]);
    expect(await world.chats.messages(chatId(1))).to.have.length(1);
  });

  it('charges prompt and output when the model fails between chunks, and keeps the text', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('half');
    world.model.call.push(new DomainError('model.too_slow', 'The model was too slow'));
    await world.running.find(opened.id)?.closed;
    expect(await endOf(world, opened.id)).to.include({ code: 'model.too_slow', tokensUsed: 5 });
    expect(world.stored(opened.id).state).to.equal('failed');
  });

  it('goes on without a reader until its deadline, then stops and closes the upstream', async () => {
    const world = await StreamingWorld.create({ readerlessDeadlineMs: 10_000 });
    const opened = await world.begin();
    await opened.events.next();
    const waiting = opened.events.next();
    await world.timers.advance(60_000);
    expect(world.stored(opened.id).state, 'a reader who waits for more keeps it alive').to.equal('running');
    opened.events.close();
    await waiting;
    await world.timers.advance(9_000);
    expect(world.stored(opened.id).state).to.equal('running');
    await world.timers.advance(2_000);
    expect(world.model.call.isAborted).to.equal(true);
    expect(await endOf(world, opened.id)).to.include({ type: 'done', finishReason: 'deadline' });
  });

  it('does not count a reader who makes no progress', async () => {
    const world = await StreamingWorld.create({ readerlessDeadlineMs: 10_000 });
    const opened = await world.begin();
    world.model.call.say('a');
    await world.timers.advance(11_000);
    expect(world.stored(opened.id).state).to.equal('stopped');
  });

  it('stops at once with a deadline of 0 when its last reader leaves, and not before', async () => {
    const world = await StreamingWorld.create({ readerlessDeadlineMs: 0 });
    const opened = await world.begin();
    await world.timers.advance(60_000);
    expect(world.stored(opened.id).state).to.equal('running');
    opened.events.close();
    await world.settle();
    expect(world.stored(opened.id).state).to.equal('stopped');
  });

  it('asks no model with a deadline of 0 when its only reader left before the answer could begin', async () => {
    const world = await StreamingWorld.create({ readerlessDeadlineMs: 0 });
    const opened = await world.open();
    opened.events.close();
    opened.begin();
    await world.settle();
    expect(world.stored(opened.id).end).to.include({ kind: 'stopped', chargeMicros: 0 });
    expect(world.model.calls).to.have.length(0);
  });

  it('stops at its absolute maximum whoever reads', async () => {
    const world = await StreamingWorld.create({ maxDurationMs: 30_000 });
    const opened = await world.begin();
    const reading = readAll(opened.events);
    await world.timers.advance(31_000);
    expect((await reading).at(-1)?.type).to.equal('done');
    expect(await endOf(world, opened.id)).to.include({ finishReason: 'deadline' });
  });

  it('renews its hold every third of its life with the usage so far', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    const reading = readAll(opened.events);
    world.model.call.say('a', 'b');
    await world.timers.advance(HOLD_LIFE_MS / 3 + 1_000);
    expect(world.holds.extended).to.deep.equal([{ id: opened.id, tokensSoFar: 6 }]);
    world.model.call.end();
    await reading;
  });

  for (const [what, arrange] of [
    [
      'is closed',
      (world: StreamingWorld) => {
        world.holds.closed = true;
      },
    ],
    [
      'cannot be renewed for all its life',
      (world: StreamingWorld) => {
        world.holds.fault.extend = new PortError('unavailable', 'accounting', 'refused');
      },
    ],
  ] as const) {
    it(`closes the upstream and ends honestly when its hold ${what}`, async () => {
      const world = await StreamingWorld.create();
      arrange(world);
      const opened = await world.begin();
      const reading = readAll(opened.events);
      await world.timers.advance(HOLD_LIFE_MS + 1_000);
      expect(world.model.call.isAborted).to.equal(true);
      expect((await reading).at(-1)?.type).to.equal('error');
      expect(await endOf(world, opened.id)).to.include({ code: 'stream.interrupted' });
    });
  }

  it('sends done after 2 s although accounting has not answered, and settles later', async () => {
    const world = await StreamingWorld.create();
    world.holds.fault.resolve = new PortError('unavailable', 'accounting', 'refused');
    const opened = await world.begin();
    const reading = readAll(opened.events);
    world.model.call.end();
    await world.timers.advance(2_000);
    expect((await reading).at(-1)?.type).to.equal('done');
    delete world.holds.fault.resolve;
    await world.settleIntents.pass();
    expect(world.holds.resolutionsOf(opened.id)).to.have.length(1);
  });

  it('that cannot be closed by a mistake of our own is left to recovery, and takes nobody down', async () => {
    const world = await StreamingWorld.create();
    world.digest.sha256Hex = () => {
      throw new Error('our own mistake');
    };
    const opened = await world.begin();
    const runner = world.running.find(opened.id);
    const reading = readAll(opened.events);
    world.model.call.end();
    expect((await reading).map(({ type }) => type)).to.deep.equal(['session']);
    expect(await runner?.outcome).to.deep.equal({ kind: 'stalled' });
    expect(world.running.size).to.equal(0);
    expect(await world.recoverStreams.execute()).to.deep.equal({ abandoned: 0, interrupted: 1, stopped: 0 });
  });

  it('is interrupted honestly when the grace of a shutdown has passed', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('half');
    const reading = readAll(opened.events);
    await world.settle();
    const drained = world.running.drain(5_000);
    await world.timers.advance(5_000);
    await drained;
    expect((await reading).at(-1)?.type).to.equal('error');
    expect(world.stored(opened.id).state).to.equal('interrupted');
  });
});
