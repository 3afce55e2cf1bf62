import { expect } from 'chai';
import { readAll, StreamingWorld } from '../../../support/streaming-world.ts';

describe('the streams of a process that ends', () => {
  it('interrupts a start that was under way when the others were interrupted, before its model is asked', async () => {
    const world = await StreamingWorld.create();
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const reserve = world.holds.reserve.bind(world.holds);
    world.holds.reserve = async (request) => {
      asked.resolve();
      await gate.promise;
      return reserve(request);
    };
    const opening = world.begin();
    await asked.promise;
    await world.running.drain(1_000);
    gate.resolve();
    const opened = await opening;
    const events = await readAll(opened.events);
    expect(events.at(-1)?.json).to.contain('stream.interrupted');
    expect(world.model.calls).to.have.length(0);
    expect(world.stored(opened.id).state).to.equal('interrupted');
    expect(world.holds.resolutionsOf(opened.id)).to.deep.equal([{ kind: 'abort', id: opened.id, tokens: 0 }]);
  });

  it('lets a start that becomes a stream within the grace go on until it has passed', async () => {
    const world = await StreamingWorld.create();
    await world.addChat(2);
    await world.begin(1);
    const drained = world.running.drain(1_000);
    await world.timers.advance(500);
    expect(world.running.size).to.equal(1);
    await world.timers.advance(500);
    await drained;
    expect(world.running.size).to.equal(0);
  });
});
