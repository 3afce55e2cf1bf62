import { expect } from 'chai';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import { MAX_TRANSCRIPT_BYTES } from '../../../src/domain/streaming/chat-session.ts';
import type { StreamId } from '../../../src/domain/streaming/stream-id.ts';
import { expectRefusal } from '../../support/refusals.ts';
import { ANNA, BERT, chatId } from '../../support/stream-builders.ts';
import { StreamingWorld } from '../../support/streaming-world.ts';

const NEVER_ISSUED = 'stream-1700000000000-0f9a1c2d-3b4e-4f60-8a7b-9c0d1e2f3a4b' as StreamId;

async function refusalOf(promise: Promise<unknown>): Promise<DomainError> {
  try {
    await promise;
  } catch (error) {
    expect(error).to.be.instanceOf(DomainError);
    return error as DomainError;
  }
  throw new Error('nothing was refused');
}

describe('the id of an update', () => {
  it('is refused in one way whatever is wrong with it, and only the audit learns the cause', async () => {
    const world = await StreamingWorld.create();
    await world.addChat(2);
    await world.addChat(9, BERT);
    const older = await world.finish(1, 'old');
    const newest = await world.finish(1, 'new');
    const elsewhere = await world.finish(2, 'other');
    const foreign = await world.openStream.execute({ owner: BERT, chatId: chatId(9), message: 'Hi' });
    const wrong: ReadonlyArray<readonly [unknown, string]> = [
      [undefined, 'missing'],
      [null, 'missing'],
      ['', 'missing'],
      [7, 'malformed'],
      [{ id: newest.id }, 'malformed'],
      [[newest.id], 'malformed'],
      ['incorrect-id-67890', 'malformed'],
      [` ${newest.id}`, 'malformed'],
      [`${newest.id}\n`, 'malformed'],
      [newest.id.toUpperCase(), 'malformed'],
      [newest.id.replace('stream', 'Stream'), 'malformed'],
      [newest.id.replace('1', '１'), 'malformed'],
      [NEVER_ISSUED, 'unknown'],
      [older.id, 'older'],
      [elsewhere.id, 'foreign'],
      [foreign.id, 'foreign'],
    ];
    for (const [claimedId, cause] of wrong) {
      world.audit.length = 0;
      const refusal = await refusalOf(world.update(claimedId, 'new'));
      expect(refusal).to.include({ code: 'stream.id_mismatch', message: 'Streaming session ID mismatch' });
      expect(refusal.details.errors).to.equal(undefined);
      expect(refusal.details.visible).to.equal(undefined);
      expect(world.audit).to.have.length(1);
      expect(world.audit[0]).to.include({ act: 'stream.id_refused', outcome: 'refused', requestId: 'r-1' });
      expect(world.audit[0]?.facts?.cause).to.equal(cause);
      expect(JSON.stringify(world.audit)).not.to.contain(newest.id);
    }
    expect((await world.update(newest.id, 'new')).receipt).to.equal('exact');
  });

  it('is looked at after the chat and before the other fields', async () => {
    const world = await StreamingWorld.create();
    const { id } = await world.finish(1, 'text');
    await expectRefusal(world.update(id, 7, 'x', 5), 'chat.not_found');
    await expectRefusal(world.update('bad', 7, 'x'), 'stream.id_mismatch');
    const refusal = await refusalOf(world.update(id, 7, 'x'));
    expect(refusal.code).to.equal('request.invalid');
    expect(refusal.details.errors?.map(({ path }) => path)).to.deep.equal(['completeResponse', 'tokensUsed']);
    await expectRefusal(world.update(id, 'x'.repeat(MAX_TRANSCRIPT_BYTES + 1)), 'request.invalid');
  });

  it('is refused while nothing is stored, and after retention', async () => {
    const world = await StreamingWorld.create({ retentionMs: 1_000 });
    await expectRefusal(world.update(NEVER_ISSUED, ''), 'stream.id_mismatch');
    const { id } = await world.finish(1, 'text');
    await world.timers.advance(1_001);
    expect(await world.expireStreams.pass()).to.equal(1);
    await expectRefusal(world.update(id, 'text'), 'stream.id_mismatch');
    expect(world.audit.at(-1)?.facts?.cause).to.equal('expired');
  });
});

describe('the text of an update', () => {
  it('that equals the transcript is an exact receipt', async () => {
    const world = await StreamingWorld.create();
    const { id } = await world.finish(1, 'Like ', 'this.');
    const { replayed, ...accepted } = await world.update(id, 'Like this.', 6);
    expect(accepted).to.deep.equal({
      sessionId: chatId(1),
      streamingSessionId: id,
      tokensUsed: 6,
      creditsCharged: 0.000006,
      receipt: 'exact',
    });
    expect(replayed).to.equal(false);
    expect(world.stored(id).state).to.equal('accepted');
  });

  for (const [text, receivedCharacters] of [
    ['', 0],
    ['a😀', 2],
  ] as const) {
    it(`that is a proper prefix (${JSON.stringify(text)}) is a partial receipt, counted in code points`, async () => {
      const world = await StreamingWorld.create();
      const { id } = await world.finish(1, 'a😀b');
      expect(await world.update(id, text)).to.include({ receipt: 'partial', receivedCharacters });
    });
  }

  it('that is anything else is 422 and changes nothing, running or ended', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('Like ');
    await world.settle();
    await expectRefusal(world.update(opened.id, 'Unlike'), 'stream.text_mismatch');
    expect(world.stored(opened.id).state).to.equal('running');
    world.model.call.end();
    await world.running.find(opened.id)?.closed;
    await expectRefusal(world.update(opened.id, 'Like this'), 'stream.text_mismatch');
    expect(world.stored(opened.id).state).to.equal('finished');
  });

  it('that is a prefix of what a running stream has sent stops it and settles it', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('Like ', 'this ');
    await world.settle();
    expect(await world.update(opened.id, 'Like ')).to.include({ receipt: 'stopped', tokensUsed: 6 });
    expect(world.model.call.isAborted).to.equal(true);
    expect(world.holds.resolutionsOf(opened.id)).to.have.length(1);
    expect(world.stored(opened.id).state).to.equal('accepted');
  });

  it('repeated is answered again, and changed is 422', async () => {
    const world = await StreamingWorld.create();
    const { id } = await world.finish(1, 'text');
    const first = await world.update(id, 'te', 3);
    expect(await world.update(id, 'te', 3)).to.deep.equal({ ...first, replayed: true });
    await expectRefusal(world.update(id, 'te', 4), 'stream.receipt_conflict');
    await expectRefusal(world.update(id, 'text', 3), 'stream.receipt_conflict');
    await expectRefusal(world.update(id, 'no', 3), 'stream.text_mismatch');
  });

  it("is never billed by the client's count, whose difference is logged", async () => {
    const world = await StreamingWorld.create();
    const { id } = await world.finish(1, 'text');
    expect((await world.update(id, 'text', 1_000_000)).tokensUsed).to.equal(5);
    expect(world.log.lines.some(({ message }) => message.includes('counted other tokens'))).to.equal(true);
  });

  it('of an interrupted or failed stream is taken like any other', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('half');
    world.model.call.push(new DomainError('model.failed', 'The model failed'));
    await world.running.find(opened.id)?.closed;
    expect((await world.update(opened.id, 'half')).receipt).to.equal('exact');
  });
});

describe('updates that race', () => {
  it('let one of two different receipts of a running stream win', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('ab');
    await world.settle();
    const outcomes = await Promise.allSettled([world.update(opened.id, 'a'), world.update(opened.id, 'ab')]);
    expect(outcomes.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
    expect(world.holds.resolutionsOf(opened.id)).to.have.length(1);
  });

  it('answer the same receipt twice alike', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    const [one, two] = await Promise.all([world.update(opened.id, ''), world.update(opened.id, '')]);
    expect([one.replayed, two.replayed].sort()).to.deep.equal([false, true]);
    expect(one.receipt).to.equal(two.receipt);
  });

  it('with the end of the stream choose the row by the state that is found', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('ab');
    await world.settle();
    world.model.call.end();
    const [{ receipt }] = await Promise.all([
      world.update(opened.id, 'a'),
      world.running.find(opened.id)?.closed,
    ]);
    expect(receipt).to.equal(world.stored(opened.id).end?.kind === 'stopped' ? 'stopped' : 'partial');
    expect(world.holds.resolutionsOf(opened.id)).to.have.length(1);
  });

  it('are accepted in the very tick in which the first event is read', async () => {
    const world = await StreamingWorld.create();
    for (let turn = 0; turn < 100; turn += 1) {
      const opened = await world.begin();
      await opened.events.next();
      expect((await world.update(opened.id, '')).receipt).to.equal('stopped');
    }
  });
});

describe('stopping', () => {
  const stop = (world: StreamingWorld, claimedId: unknown) =>
    world.stopStream.execute({ owner: ANNA, chatId: chatId(1), claimedId, requestId: 'r-2' });

  it('closes the upstream, bills what was produced, and answers a repeat alike', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.model.call.say('half');
    await world.settle();
    const first = await stop(world, opened.id);
    expect(first).to.include({ state: 'stopped', tokensUsed: 5 });
    expect(world.model.call.isAborted).to.equal(true);
    expect(await stop(world, opened.id)).to.deep.equal(first);
    expect(world.holds.resolutionsOf(opened.id)).to.have.length(1);
  });

  it('refuses a wrong id like an update does', async () => {
    const world = await StreamingWorld.create();
    await world.begin();
    await expectRefusal(stop(world, NEVER_ISSUED), 'stream.id_mismatch');
  });

  it('answers 503 while the store is away, and never twice charges', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin();
    world.faults.seal = new PortError('unavailable', 'store', 'disk full');
    const stopping = stop(world, opened.id).catch((error: unknown) => error);
    await world.timers.advance(16_000);
    expect(await stopping).to.be.instanceOf(PortError);
    delete world.faults.seal;
    await world.timers.advance(10_000);
    expect(world.stored(opened.id).state).to.equal('interrupted');
    expect(world.holds.resolutionsOf(opened.id)).to.have.length(1);
  });
});
