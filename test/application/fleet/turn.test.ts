import { expect } from 'chai';
import { MemoryLeases } from '../../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { TURN_PATIENCE_MS, Turn } from '../../../src/application/fleet/turn.ts';
import type { Leases } from '../../../src/application/ports/fleet/leases.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { SETTLE_EVERY_MS } from '../../../src/application/streaming/settle-intents.ts';
import type { NodeId } from '../../../src/domain/streaming/node-id.ts';
import { FleetWorld } from '../../support/fleet-world.ts';
import { ManualTimers } from '../../support/manual-timers.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { NODE_1, NODE_2 } from '../../support/stream-builders.ts';
import { TURN_MS } from '../../support/streaming-world.ts';

const LIFE_MS = 3_000;

describe('a turn', () => {
  let timers: ManualTimers;
  let leases: MemoryLeases;
  beforeEach(() => {
    timers = new ManualTimers();
    leases = new MemoryLeases(timers);
  });

  const turnOf = (id: NodeId, given: Leases = leases): Turn =>
    new Turn(
      { leases: given, node: { id }, timers, log: new RecordingLog() },
      { work: 'sweep', lifeMs: LIFE_MS },
    );

  it('is one of the nodes as long as it asks within its life', async () => {
    const [first, second] = [turnOf(NODE_1), turnOf(NODE_2)];
    for (let pass = 0; pass < 5; pass += 1) {
      expect([await first.isOurs(), await second.isOurs()]).to.deep.equal([true, false]);
      await timers.advance(LIFE_MS - 1);
    }
  });

  it('passes to another within its life when its node is gone, and at once when that leaves', async () => {
    const [first, second] = [turnOf(NODE_1), turnOf(NODE_2)];
    expect(await first.isOurs()).to.equal(true);
    await timers.advance(LIFE_MS);
    expect(await second.isOurs()).to.equal(true);
    expect(await first.isOurs()).to.equal(false);
    await second.leave();
    expect(await first.isOurs()).to.equal(true);
  });

  it('is everybody’s when nobody can say whose it is', async () => {
    const hold = (): Promise<never> => Promise.reject(new PortError('unavailable', 'redis', 'away'));
    const faulty = { hold, release: hold, list: hold };
    expect(await turnOf(NODE_1, faulty).isOurs()).to.equal(true);
    await turnOf(NODE_1, faulty).leave();
  });

  it('keeps nobody waiting for leases that do not answer', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const asked = turnOf(NODE_1, { hold: never, release: never, list: never }).isOurs();
    await timers.advance(TURN_PATIENCE_MS);
    expect(await asked).to.equal(true);
    expect(timers.sleeping).to.equal(0);
  });
});

describe('what is to be settled', () => {
  it('is settled by one node, and by another when that one is gone', async () => {
    const fleet = await FleetWorld.create(2);
    const stop = new AbortController();
    const [first, second] = [fleet.node(0).world, fleet.node(1).world];
    const loops = [first, second].map(({ settleIntents }) => settleIntents.execute({ signal: stop.signal }));
    await fleet.timers.advance(0);
    fleet.holds.fault.resolve = new PortError('unavailable', 'accounting', 'away');
    const { id } = await second.begin();
    second.model.call.end();
    await fleet.timers.advance(0);
    const before = second.metrics.of('holdfast_settlements_total').length;
    await fleet.timers.advance(SETTLE_EVERY_MS * 10);
    expect(second.metrics.of('holdfast_settlements_total')).to.have.length(before);
    fleet.node(0).pause();
    delete fleet.holds.fault.resolve;
    await fleet.timers.advance(TURN_MS + SETTLE_EVERY_MS * 2);
    expect(fleet.holds.resolutionsOf(id)).to.have.length(1);
    expect(await second.streams.pendingIntents(10)).to.deep.equal([]);
    stop.abort();
    await fleet.close();
    await Promise.all(loops);
  });
});
