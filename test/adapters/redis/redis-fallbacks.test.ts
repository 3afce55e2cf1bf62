import { expect } from 'chai';
import type { OwnServer } from '../../../scripts/services/own-server.ts';
import { startRedis } from '../../../scripts/services/redis.ts';
import { MemoryLeases } from '../../../src/adapters/outbound/memory/fleet/memory-leases.ts';
import { MemoryAttemptCounters } from '../../../src/adapters/outbound/memory/identity/memory-attempt-counters.ts';
import { FallingBackLeases } from '../../../src/adapters/outbound/redis/fleet/falling-back-leases.ts';
import { RedisFleetBus } from '../../../src/adapters/outbound/redis/fleet/redis-fleet-bus.ts';
import { RedisLeases } from '../../../src/adapters/outbound/redis/fleet/redis-leases.ts';
import { RedisAttemptCounters } from '../../../src/adapters/outbound/redis/identity/redis-attempt-counters.ts';
import { describeAttemptCounters } from '../../contracts/attempt-counters.ts';
import { describeLeases } from '../../contracts/leases.ts';
import { eventually } from '../../support/eventually.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { aLink, connected, type LinkUnderTest, ownPrefix } from '../../support/redis.ts';

const LIFE_MS = 60_000;
/** Nobody answers there. */
const NOWHERE = 'redis://127.0.0.1:1';

describe('what is done elsewhere while Redis is away', function () {
  this.timeout(60_000);
  let server: OwnServer;
  let subject: LinkUnderTest;
  let away: LinkUnderTest;
  let clock: ManualClock;
  before(async () => {
    server = await startRedis();
  });
  beforeEach(async () => {
    clock = new ManualClock();
    subject = aLink(server.url, ownPrefix());
    away = aLink(NOWHERE, ownPrefix());
    await connected(subject);
  });
  afterEach(() => {
    subject.link.close();
    away.link.close();
  });
  after(() => server.stop());

  const lost = (): Promise<void> =>
    eventually(async () => {
      expect(subject.link.isConnected).to.equal(false);
    });

  describeLeases('FallingBackLeases without Redis', async () => {
    const leases = new FallingBackLeases(new RedisLeases(away.link), new MemoryLeases({ clock }));
    return { leases, elsewhere: leases, pass: async (byMs) => clock.advance(byMs) };
  });

  describeAttemptCounters('RedisAttemptCounters without Redis', async () => ({
    counters: new RedisAttemptCounters(away.link, new MemoryAttemptCounters({ clock })),
    advance: async (byMs) => clock.advance(byMs),
  }));

  it('holds a name there, and here again when it is back, under a greater token although Redis forgot all', async () => {
    const second = new MemoryLeases({ clock });
    const leases = new FallingBackLeases(new RedisLeases(subject.link), second);
    const first = await leases.hold('turn/a', 'one', LIFE_MS);
    expect(await second.list('turn/')).to.deep.equal([]);
    await server.kill();
    expect(await leases.hold('turn/a', 'one', LIFE_MS)).to.include({ holder: 'one' });
    expect(await leases.list('turn/')).to.have.length(1);
    await server.restart();
    await connected(subject);
    const again = await leases.hold('turn/a', 'two', LIFE_MS);
    if (first === 'taken' || again === 'taken') throw new Error('nobody else holds it');
    expect(again.token).to.be.greaterThan(first.token);
    await leases.release('turn/a', 'one');
    await leases.release('turn/a', 'two');
    expect([await leases.list('turn/'), await second.list('turn/')]).to.deep.equal([[], []]);
  });

  it('waits for no server that stands still longer than it takes to notice', async () => {
    const leases = new FallingBackLeases(new RedisLeases(subject.link), new MemoryLeases({ clock }));
    const counters = new RedisAttemptCounters(subject.link, new MemoryAttemptCounters({ clock }));
    const counter = counters.open({ name: 'guesses', limit: 3, windowMs: LIFE_MS });
    await counter.count('a');
    await server.pause();
    const from = performance.now();
    const [outcome, ...looks] = await Promise.all([counter.count('a'), counter.look('b'), leases.list('')]);
    expect(outcome).to.include({ kind: 'counted', count: 1 });
    expect(looks).to.deep.equal([undefined, []]);
    expect(performance.now() - from).to.be.below(3_000);
    await lost();
    await counter.giveBack('a', outcome.kind === 'counted' ? outcome.window : '');
    expect(await counter.look('a')).to.equal(undefined);
    await counter.forget('a');
    expect(await counter.look('a')).to.equal(undefined);
    await server.goOn();
    await connected(subject);
    expect((await counter.look('a'))?.count).to.be.at.least(1);
  });

  it('says words to its own node alone, and tells that others may have said some', async () => {
    const bus = new RedisFleetBus(subject.link);
    const heard: string[] = [];
    bus.listen({
      onStopAsked: () => heard.push('stop'),
      onRevoked: () => heard.push('revoked'),
      onMissed: () => heard.push('missed'),
    });
    await eventually(async () => expect([bus.isConnected, heard]).to.deep.equal([true, ['missed']]));
    await server.kill();
    await lost();
    expect(bus.isConnected).to.equal(false);
    bus.tellRevoked();
    expect(heard).to.deep.equal(['missed', 'revoked']);
    await server.restart();
    await eventually(async () => {
      expect([bus.isConnected, heard]).to.deep.equal([true, ['missed', 'revoked', 'missed']]);
    });
    subject.link.publish('fleet', 'x stop no-stream');
    subject.link.publish('fleet', 'x unknown');
    subject.link.publish('fleet', 'x revoked');
    await eventually(async () => expect(heard.slice(3)).to.deep.equal(['revoked']));
  });
});
