import { expect } from 'chai';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { LocalUserStreams } from '../../../src/application/streaming/local-user-streams.ts';
import { ANNA, BERT, chatId } from '../../support/stream-builders.ts';
import { StreamingWorld } from '../../support/streaming-world.ts';

describe("the stop of a user's streams", () => {
  it("ends all of his and settles them to what they produced, and nobody else's", async () => {
    const world = await StreamingWorld.create();
    await world.addChat(2);
    await world.addChat(3, BERT);
    const [one, two] = [await world.begin(1), await world.open(2)];
    const others = await world.openStream.execute({ owner: BERT, chatId: chatId(3), message: 'Mine' });
    await new LocalUserStreams(world).stopAll(ANNA);
    expect(world.stored(one.id).state).to.equal('stopped');
    expect(world.stored(two.id).state).to.equal('stopped');
    expect(world.stored(others.id).state).to.equal('running');
    expect(world.holds.resolved.map(({ id }) => id)).to.have.members([one.id, two.id]);
  });

  it('waits for a start that is under way, and ends it too', async () => {
    const world = await StreamingWorld.create();
    const gate = Promise.withResolvers<void>();
    const reserve = world.holds.reserve.bind(world.holds);
    const asked = Promise.withResolvers<void>();
    world.holds.reserve = async (request) => {
      asked.resolve();
      await gate.promise;
      return reserve(request);
    };
    const opening = world.open(1);
    await asked.promise;
    const stopped = new LocalUserStreams(world).stopAll(ANNA);
    await world.settle();
    gate.resolve();
    const opened = await opening;
    await world.timers.advance(50);
    await stopped;
    expect(world.stored(opened.id).state).to.equal('stopped');
    expect(world.running.size).to.equal(0);
  });

  it('does not wait for ever for a start that hangs', async () => {
    const world = await StreamingWorld.create();
    const never = Promise.withResolvers<never>();
    const asked = Promise.withResolvers<void>();
    world.holds.reserve = () => {
      asked.resolve();
      return never.promise;
    };
    const opening = world.open(1).catch((error: unknown) => error);
    await asked.promise;
    let over = false;
    const stopped = new LocalUserStreams(world).stopAll(ANNA).then(() => {
      over = true;
    });
    for (let waitedMs = 0; !over && waitedMs < 2_000; waitedMs += 50) await world.timers.advance(50);
    expect(over).to.equal(true);
    await stopped;
    never.reject(new PortError('unavailable', 'accounting', 'gone'));
    expect(await opening).to.be.instanceOf(PortError);
  });

  it('ends a start that was under way for longer than anybody looked, before its model is asked', async () => {
    const world = await StreamingWorld.create();
    const gate = Promise.withResolvers<void>();
    const reserve = world.holds.reserve.bind(world.holds);
    const asked = Promise.withResolvers<void>();
    world.holds.reserve = async (request) => {
      asked.resolve();
      await gate.promise;
      return reserve(request);
    };
    const opening = world.begin(1);
    await asked.promise;
    const stopped = new LocalUserStreams(world).stopAll(ANNA);
    await world.timers.advance(5_000);
    await stopped;
    gate.resolve();
    const opened = await opening;
    await world.settle();
    expect(world.stored(opened.id).state).to.equal('stopped');
    expect(world.model.calls).to.have.length(0);
    expect(world.holds.resolutionsOf(opened.id)).to.deep.equal([{ kind: 'abort', id: opened.id, tokens: 0 }]);
  });

  it('ends what runs here also while the store is away, and says so in the log', async () => {
    const world = await StreamingWorld.create();
    const opened = await world.begin(1);
    const streams = new Proxy(world.streams, {
      get: (target, name) =>
        name === 'active'
          ? () => Promise.reject(new PortError('unavailable', 'store', 'away'))
          : target[name as keyof typeof target],
    });
    await new LocalUserStreams({ ...world, streams }).stopAll(ANNA);
    expect(world.stored(opened.id).state).to.equal('stopped');
    expect(world.log.lines.map(({ message }) => message)).to.include(
      'the streams of a closed account could not be looked up',
    );
  });
});
