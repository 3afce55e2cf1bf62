import { expect } from 'chai';
import { LEFT_AT_ONCE, MAX_WRITES } from '../../../../src/adapters/inbound/ws/mux/session-ends.ts';
import { MemorySubscriberDirectory } from '../../../../src/adapters/outbound/memory/multiplexing/memory-subscriber-directory.ts';
import type { Replaced } from '../../../../src/application/ports/multiplexing/subscriber-directory.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import { MuxWorld } from '../../../support/mux-world.ts';

/** A directory that says how much it is told at once, and is out of reach as often as a test says. */
class ToldDirectory extends MemorySubscriberDirectory {
  readonly writes: number[] = [];
  puts = 0;
  underWay = 0;
  mostUnderWay = 0;
  failures = 0;

  override async put(...given: Parameters<MemorySubscriberDirectory['put']>) {
    this.puts += 1;
    return super.put(...given);
  }

  override async replaceAll(
    ...given: Parameters<MemorySubscriberDirectory['replaceAll']>
  ): Promise<Replaced> {
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    await new Promise((resolve) => setImmediate(resolve));
    this.underWay -= 1;
    if (this.failures > 0) {
      this.failures -= 1;
      throw new PortError('unavailable', 'store', 'it is out of reach');
    }
    this.writes.push(given[0].length);
    return super.replaceAll(...given);
  }
}

const SESSIONS = 100;

async function openMany(connections: number): Promise<{ world: MuxWorld; directory: ToldDirectory }> {
  const directory = new ToldDirectory();
  const world = new MuxWorld(
    { openRate: { tokens: 1, perMs: 1, burst: 100_000 } },
    undefined,
    undefined,
    directory,
  );
  for (let number = 0; number < connections; number += 1) {
    const client = world.connect();
    for (let ref = 0; ref < SESSIONS; ref += 1)
      client.send(undefined, 'OPEN', { ref: `${ref}`, kind: 'echo' });
    await world.settle();
  }
  expect(world.connections.held().size).to.equal(connections * SESSIONS);
  directory.puts = 0;
  return { world, directory };
}

const heldOf = async (directory: ToldDirectory): Promise<number> =>
  (await directory.list({ realm: 'mux', limit: 10_000 })).filter(({ holders }) => holders.length > 0).length;

describe('sessions that are left together', () => {
  it('are told to the directory in one write, where they were on one connection', async () => {
    const { world, directory } = await openMany(1);
    for (const connection of world.connections.all()) connection.onSocketClose();
    await world.connections.settled();
    expect(directory.writes).to.deep.equal([SESSIONS]);
    expect(directory.puts).to.equal(0);
    expect(await heldOf(directory)).to.equal(0);
  });

  it(`are told in writes of ${LEFT_AT_ONCE}, ${MAX_WRITES} at once, when the server stops`, async () => {
    const connections = 20;
    const { world, directory } = await openMany(connections);
    const drained = world.connections.drain();
    await world.timers.advance(1_000);
    await drained;
    expect(Math.max(...directory.writes)).to.equal(LEFT_AT_ONCE);
    expect(directory.writes).to.have.length((connections * SESSIONS) / LEFT_AT_ONCE);
    expect(directory.mostUnderWay).to.equal(MAX_WRITES);
    expect(directory.puts).to.equal(0);
    expect(await heldOf(directory)).to.equal(0);
  });

  it('are told again while the directory is out of reach', async () => {
    const { world, directory } = await openMany(1);
    directory.failures = 2;
    for (const connection of world.connections.all()) connection.onSocketClose();
    await world.settle();
    expect(directory.writes).to.deep.equal([]);
    await world.timers.advance(10_000);
    await world.connections.settled();
    expect(directory.writes).to.deep.equal([SESSIONS]);
    expect(await heldOf(directory)).to.equal(0);
  });

  it('are told when the directory is back, however long it was out of reach, as soon as anybody is connected', async () => {
    const { world, directory } = await openMany(1);
    directory.failures = 20;
    for (const connection of world.connections.all()) connection.onSocketClose();
    await world.settle();
    await world.timers.advance(60_000);
    await world.connections.settled();
    expect(await heldOf(directory)).to.equal(SESSIONS);
    directory.failures = 0;
    const client = world.connect();
    for (let second = 0; second < 40; second += 1) {
      client.pong();
      await world.timers.advance(1_000);
    }
    expect(await heldOf(directory)).to.equal(0);
    expect(directory.writes).to.deep.equal([SESSIONS]);
  });

  it('leave alone what its client has taken back meanwhile', async () => {
    const directory = new ToldDirectory();
    const world = new MuxWorld({}, undefined, undefined, directory);
    const first = world.connect();
    const { sessionId, resumeToken } = await world.open(first);
    const other = await world.open(first);
    directory.failures = 1;
    for (const connection of world.connections.all()) connection.onSocketClose();
    await world.settle();
    const back = await world.open(world.connect(), {
      resume: { sessionId, token: resumeToken, offset: 0 },
    });
    await world.timers.advance(10_000);
    await world.connections.settled();
    const states = await directory.list({ realm: 'mux', limit: 9 });
    const held = states.filter(({ holders }) => holders.length > 0);
    expect(held.map(({ id, epoch }) => [id, epoch])).to.deep.equal([[`mux:${back.sessionId}`, 2]]);
    expect(states.map(({ id }) => id)).to.include(`mux:${other.sessionId}`);
  });
});
