import { expect } from 'chai';
import { PortError } from '../../../src/application/ports/port-error.ts';
import type { LiveTail } from '../../../src/application/ports/streaming/live-tail.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import { expectRefusal } from '../../support/refusals.ts';
import { ANNA, BERT, chatId } from '../../support/stream-builders.ts';
import { StreamingWorld } from '../../support/streaming-world.ts';

const key = { key: 'k-1', route: 'start' };

async function portErrorOf(promise: Promise<unknown>): Promise<PortError> {
  try {
    await promise;
  } catch (error) {
    expect(error).to.be.instanceOf(PortError);
    return error as PortError;
  }
  throw new Error('nothing was refused');
}

describe('opening a stream', () => {
  it('leaves nothing running when others have taken all places of its readers before it is told', async () => {
    const world = await StreamingWorld.create({ maxReaders: 1 });
    const activate = world.streams.activate.bind(world.streams);
    world.streams.activate = async (session, first) => {
      const activated = await activate(session, first);
      world.readers.read({ id: session.id, cursor: 0 });
      return activated;
    };
    await expectRefusal(world.open(), 'stream.limit_reached');
    await world.settle();
    const [{ session } = {}] = [...world.store.streams.values()];
    expect(session?.state).to.equal('interrupted');
    expect(world.holds.resolutionsOf(session?.id ?? ('' as never))).to.deep.include({
      kind: 'abort',
      id: session?.id,
      tokens: 0,
    });
    expect(world.running.size).to.equal(0);
  });

  it('stores the stream as running before it is told, and asks the model only when told to begin', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.open();
    expect(world.stored(opened.id).state).to.equal('running');
    expect(world.model.calls).to.have.length(0);
    opened.begin();
    await world.settle();
    expect(world.model.calls).to.have.length(1);
  });

  it('begins with the session event', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.open();
    const step = await opened.events.next();
    expect(step.value?.map((event) => event.type)).to.deep.equal(['session']);
    expect(JSON.parse(step.value?.[0]?.json ?? '')).to.include({
      streamingSessionId: opened.id,
      chatSessionId: chatId(1),
    });
  });

  it('refuses a second start with 409 before credit is looked at', async () => {
    const world = await StreamingWorld.create();
    await world.open();
    world.holds.insufficient = true;
    await expectRefusal(world.open(), 'stream.already_active');
    expect(world.holds.reserved).to.have.length(1);
  });

  it('opens exactly one of many simultaneous starts of a chat', async () => {
    const world = await StreamingWorld.create();
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => world.open()));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).to.have.length(1);
    expect(world.holds.reserved).to.have.length(1);
  });

  it('leaves nothing behind on 402', async () => {
    const world = await StreamingWorld.create();
    world.holds.insufficient = true;
    await expectRefusal(world.open(), 'credit.insufficient');
    expect(world.store.streams.size).to.equal(0);
    expect(await world.chats.messages(chatId(1))).to.have.length(0);
    world.holds.insufficient = false;
    expect((await world.open()).replayed).to.equal(false);
  });

  it("does not find another owner's chat", async () => {
    const world = await StreamingWorld.create();
    const start = world.openStream.execute({ owner: BERT, chatId: chatId(1), message: 'Hi' });
    await expectRefusal(start, 'chat.not_found');
  });

  it('leaves no intent when the reserve certainly was not carried out', async () => {
    const world = await StreamingWorld.create();
    world.holds.fault.reserve = new PortError('unavailable', 'accounting', 'refused');
    expect((await portErrorOf(world.open())).kind).to.equal('unavailable');
    expect(world.store.streams.size).to.equal(0);
    await world.settle();
    expect(world.holds.resolved).to.have.length(0);
  });

  it('voids the hold when the outcome of the reserve is unknown', async () => {
    const world = await StreamingWorld.create();
    world.holds.fault.reserve = new PortError('timeout', 'accounting', 'no answer');
    expect((await portErrorOf(world.open())).kind).to.equal('timeout');
    await world.settle();
    expect(world.holds.resolved).to.have.length(1);
    expect(world.holds.resolved[0]).to.include({ kind: 'abort', tokens: 0 });
  });

  it('asks its caller to come again when others took the start back while this process stood still', async () => {
    const world = await StreamingWorld.create();
    world.holds.fault.reserve = new DomainError('reservation.voided', 'voided');
    const error = await world.begin().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(PortError).and.include({ kind: 'unavailable', dependency: 'node' });
    expect(await world.streams.active()).to.deep.equal([]);
  });

  it('asks its caller to come again when others undid the start before it was activated', async () => {
    const world = await StreamingWorld.create();
    const reserve = world.holds.reserve.bind(world.holds);
    world.holds.reserve = async (request) => {
      const held = await reserve(request);
      await world.streams.abandon(request.id);
      return held;
    };
    const error = await world.begin().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(PortError).and.include({ kind: 'unavailable', dependency: 'node' });
    await world.settle();
    expect(world.holds.resolved).to.have.length(1);
    world.holds.reserve = reserve;
    expect((await world.open()).replayed).to.equal(false);
  });

  it('retries an unknown reserve until accounting has acknowledged that it is void', async () => {
    const world = await StreamingWorld.create();
    world.holds.fault.reserve = new PortError('timeout', 'accounting', 'no answer');
    world.holds.fault.resolve = new PortError('unavailable', 'accounting', 'refused');
    await portErrorOf(world.open());
    await world.settle();
    expect(await world.settleIntents.pass()).to.equal(false);
    delete world.holds.fault.resolve;
    expect(await world.settleIntents.pass()).to.equal(true);
    expect(world.holds.resolved).to.have.length(1);
    expect(await world.streams.pendingIntents(10)).to.have.length(0);
  });

  it('frees a slot that was taken without anybody hearing of it', async () => {
    const world = await StreamingWorld.create();
    world.faults.claimUnknown = new PortError('timeout', 'store', 'no answer');
    await portErrorOf(world.open());
    expect(world.store.streams.size).to.equal(0);
    expect((await world.open()).replayed).to.equal(false);
  });

  it('gives the hold back when the activation fails', async () => {
    const world = await StreamingWorld.create();
    world.faults.activate = new PortError('unavailable', 'store', 'disk full');
    await portErrorOf(world.open());
    await world.settle();
    expect(world.store.streams.size).to.equal(0);
    expect(world.holds.resolved).to.have.length(1);
  });

  for (const { what, seal, told } of [
    { what: 'ends it for its readers', seal: false, told: ['error'] },
    { what: 'sends its readers to the log when the end may be there already', seal: true, told: ['gone'] },
  ]) {
    it(`when an activation of unknown outcome was carried out ${what}`, async () => {
      const heard: string[] = [];
      const tail: LiveTail = {
        publish: (_id, events) => heard.push(...events.map(({ type }) => type)),
        disconnect: () => heard.push('gone'),
        subscribe: () => () => undefined,
      };
      const world = await StreamingWorld.create({}, { tail });
      const unknown = new PortError('timeout', 'store', 'no answer');
      world.faults.activateUnknown = unknown;
      if (seal) world.faults.sealUnknown = unknown;
      await portErrorOf(world.open());
      await world.timers.advance(1_000);
      expect(heard).to.deep.equal(told);
      expect(await world.streams.active()).to.have.length(0);
    });
  }

  it('lets no more run than the limit when many start at once, and the others take no room', async () => {
    const world = await StreamingWorld.create({ maxRunningPerUser: 2 });
    const chats = [1, 2, 3, 4, 5];
    for (const chat of chats.slice(1)) await world.addChat(chat);
    const outcomes = await Promise.allSettled(chats.map((chat) => world.open(chat)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(2);
  });

  it('refuses the stream above the limit of a user with 429 and gives its hold back', async () => {
    const world = await StreamingWorld.create({ maxRunningPerUser: 2 });
    await world.addChat(2);
    await world.addChat(3);
    await world.open(1);
    await world.open(2);
    await expectRefusal(world.open(3), 'stream.limit_reached');
    await world.settle();
    expect(world.holds.resolved).to.have.length(1);
    world.holds.insufficient = true;
    await expectRefusal(world.open(3), 'credit.insufficient');
  });

  it('opens nothing while the server is shutting down', async () => {
    const world = await StreamingWorld.create();
    await world.running.drain(0);
    expect((await portErrorOf(world.open())).kind).to.equal('unavailable');
  });

  it('undoes the start when the model cannot be had', async () => {
    const world = await StreamingWorld.create();
    world.model.countPromptTokens = async () => {
      throw new DomainError('model.not_found', 'No such model');
    };
    await expectRefusal(world.open(), 'model.not_found');
    expect(world.store.streams.size).to.equal(0);
  });
});

describe('the key of a start', () => {
  const start = (world: StreamingWorld, message: string) =>
    world.openStream.execute({ owner: ANNA, chatId: chatId(1), message, key });

  it('answers a repeat with the same running stream from its first event, and holds nothing again', async () => {
    const world = await StreamingWorld.create();
    const first = await start(world, 'Hi');
    first.begin();
    const again = await start(world, 'Hi');
    expect(again).to.include({ id: first.id, replayed: true });
    expect((await again.events.next()).value?.[0]?.type).to.equal('session');
    expect(world.holds.reserved).to.have.length(1);
  });

  it('answers a repeat with the ended stream', async () => {
    const world = await StreamingWorld.create();
    const first = await start(world, 'Hi');
    first.begin();
    world.model.call.end();
    await world.running.find(first.id)?.closed;
    expect(await start(world, 'Hi')).to.include({ id: first.id, replayed: true });
    expect(world.model.calls).to.have.length(1);
  });

  it('refuses another body with 422', async () => {
    const world = await StreamingWorld.create();
    await start(world, 'Hi');
    await expectRefusal(start(world, 'Hello'), 'stream.idempotency_mismatch');
  });

  it('is not kept by a start that was refused', async () => {
    const world = await StreamingWorld.create();
    world.holds.insufficient = true;
    await expectRefusal(start(world, 'Hi'), 'credit.insufficient');
    world.holds.insufficient = false;
    expect((await start(world, 'Hello')).replayed).to.equal(false);
  });

  it('answers starts that race for one stream with that stream: one generation, one hold', async () => {
    const world = await StreamingWorld.create();
    const all = await Promise.all(Array.from({ length: 10 }, () => start(world, 'Hi')));
    expect(new Set(all.map(({ id }) => id)).size).to.equal(1);
    expect(all.filter(({ replayed }) => !replayed)).to.have.length(1);
    expect(world.holds.reserved).to.have.length(1);
  });

  it('gives the stream to a start that hears late how it found it, when it has opened meanwhile', async () => {
    const world = await StreamingWorld.create();
    const late = Promise.withResolvers<void>();
    const claim = world.streams.claim;
    world.streams.claim = async (given) => {
      const outcome = await claim(given);
      if (outcome.kind === 'replayed') await late.promise;
      return outcome;
    };
    const first = start(world, 'Hi');
    const second = start(world, 'Hi');
    const { id } = await first;
    late.resolve();
    expect(await second).to.include({ id, replayed: true });
  });

  it('lets a start whose rival was refused try for itself', async () => {
    const world = await StreamingWorld.create();
    world.holds.insufficient = true;
    const rivals = Array.from({ length: 5 }, () => start(world, 'Hi'));
    for (const rival of rivals) await expectRefusal(rival, 'credit.insufficient');
    const prepared = world.model.countPromptTokens;
    world.model.countPromptTokens = async () => {
      world.model.countPromptTokens = prepared;
      throw new DomainError('model.not_found', 'No such model');
    };
    world.holds.insufficient = false;
    const first = start(world, 'Hi');
    const second = start(world, 'Hi');
    await expectRefusal(first, 'model.not_found');
    expect(await second).to.include({ replayed: false });
  });

  it('of a stream that waits for recovery is 409, because nobody can tell what becomes of it', async () => {
    const world = await StreamingWorld.create();
    world.holds.fault.reserve = new Error('the program died here');
    world.undoStart.execute = async () => undefined;
    await start(world, 'Hi').catch(() => undefined);
    expect([...world.store.streams.values()].map(({ session }) => session.state)).to.deep.equal(['opening']);
    await expectRefusal(start(world, 'Hi'), 'stream.already_active');
  });
});
