import { expect } from 'chai';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { SETTLE_WAIT_MS } from '../../../src/application/streaming/engine/announce-end.ts';
import { SETTLE_EVERY_MS } from '../../../src/application/streaming/settle-intents.ts';
import { StreamingWorld } from '../../support/streaming-world.ts';

const AWAY = new PortError('unavailable', 'accounting', 'refused');

describe('settling in the background', () => {
  it('goes on until accounting has acknowledged every intent, and then rests', async () => {
    const world = await StreamingWorld.create();
    world.holds.fault.resolve = AWAY;
    const opened = await world.begin();
    world.model.call.end();
    await world.timers.advance(SETTLE_WAIT_MS);
    const stop = new AbortController();
    const loop = world.settleIntents.execute({ signal: stop.signal });
    await world.timers.advance(20_000);
    expect(await world.streams.pendingIntents(10)).to.have.length(1);
    delete world.holds.fault.resolve;
    await world.timers.advance(10_000);
    expect(world.holds.resolutionsOf(opened.id)).to.have.length(1);
    expect(await world.streams.pendingIntents(10)).to.have.length(0);
    await world.timers.advance(SETTLE_EVERY_MS * 5);
    expect(world.holds.resolutionsOf(opened.id)).to.have.length(1);
    stop.abort();
    await loop;
  });

  it('settles what others owe although one intent fails again and again', async () => {
    const world = await StreamingWorld.create();
    await world.addChat(2);
    await world.addChat(3);
    world.holds.fault.resolve = AWAY;
    const owing = [await world.begin(1), await world.begin(2), await world.begin(3)];
    for (const { id } of owing) world.running.stop(id);
    await world.timers.advance(SETTLE_WAIT_MS);
    expect(await world.streams.pendingIntents(10)).to.have.length(3);
    const [broken, ...others] = owing.map(({ id }) => id);
    const resolve = world.holds.resolve.bind(world.holds);
    delete world.holds.fault.resolve;
    world.holds.resolve = async (intent) => {
      if (intent.id === broken) throw new Error('a row of the ledger is damaged');
      return resolve(intent);
    };
    for (let pass = 0; pass < 3; pass += 1) expect(await world.settleIntents.pass()).to.equal(false);
    expect(world.holds.resolved.map(({ id }) => id)).to.deep.equal(others);
    expect((await world.streams.pendingIntents(10)).map(({ id }) => id)).to.deep.equal([broken]);
    world.holds.resolve = resolve;
    expect(await world.settleIntents.pass()).to.equal(true);
  });

  it('tells accounting an intent once although its stream settles at the same time', async () => {
    const world = await StreamingWorld.create();
    const gate = Promise.withResolvers<void>();
    world.holds.gate = gate.promise;
    const opened = await world.begin();
    world.model.call.end();
    await world.settle();
    const pass = world.settleIntents.pass();
    await world.settle();
    gate.resolve();
    expect(await pass).to.equal(true);
    expect(world.holds.resolutionsOf(opened.id)).to.have.length(1);
  });

  it('stops when it is told to', async () => {
    const world = await StreamingWorld.create();
    const stop = new AbortController();
    const loops = [
      world.settleIntents.execute({ signal: stop.signal }),
      world.expireStreams.execute({ signal: stop.signal }),
    ];
    await world.settle();
    stop.abort();
    await Promise.all(loops);
    expect(world.timers.sleeping).to.equal(0);
  });
});

describe('expiry in the background', () => {
  it('takes what ended before its retention, and leaves what is not settled', async () => {
    const world = await StreamingWorld.create({ retentionMs: 60_000 });
    await world.addChat(2);
    const settled = await world.finish(1, 'a');
    world.holds.fault.resolve = AWAY;
    const owed = await world.begin(2);
    world.model.call.end();
    await world.timers.advance(SETTLE_WAIT_MS);
    const stop = new AbortController();
    const loop = world.expireStreams.execute({ signal: stop.signal });
    await world.timers.advance(200_000);
    expect(world.stored(settled.id).state).to.equal('expired');
    expect(world.stored(owed.id).state).to.equal('finished');
    stop.abort();
    await loop;
  });
});
