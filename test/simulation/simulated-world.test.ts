import { expect } from 'chai';
import { PortError } from '../../src/application/ports/port-error.ts';
import { overNetwork } from './ports/over-network.ts';
import { JournalOfRun } from './world/journal-of-run.ts';
import { FAIR, Network, SimulatedServer, type Weather } from './world/network.ts';
import { SeededRandom } from './world/seeded-random.ts';
import { SimulatedProcess } from './world/simulated-process.ts';
import { VirtualTime } from './world/virtual-time.ts';

/** Longer than anything on the way takes, in milliseconds. */
const A_WHILE_MS = 60_000;

/** A counter that a server keeps, and a process that asks for it. */
class Counting {
  readonly time = new VirtualTime();
  readonly server = new SimulatedServer('counter');
  readonly process = new SimulatedProcess('p', this.time, 0);
  readonly heard: string[] = [];
  count = 0;
  /** Calls that the counter refuses before it counts. */
  refusals = 0;
  readonly counter: { add(): Promise<number> };

  constructor(weather: Partial<Weather> = {}, seed = 1) {
    this.server.weather = { ...FAIR, ...weather };
    const network = new Network(this.time, new SeededRandom(seed), new JournalOfRun(this.time));
    const adapter = {
      add: async () => {
        if (this.refusals > 0) {
          this.refusals -= 1;
          throw new PortError('unavailable', 'counter', 'it refused');
        }
        this.count += 1;
        return this.count;
      },
    };
    const kept = { name: 'counter', adapter, server: this.server, repeatable: new Set(['add'] as const) };
    this.counter = overNetwork(network, this.process, kept);
  }

  add(): void {
    void this.counter.add().then(
      (count) => this.heard.push(`${count}`),
      (error: PortError) => this.heard.push(error.kind),
    );
  }

  pass(forMs = A_WHILE_MS): Promise<void> {
    return this.time.pass(forMs, () => false);
  }
}

describe('the simulated network', () => {
  for (const { fault, heard, done } of [
    { fault: {}, heard: '1', done: 1 },
    { fault: { refused: 1 }, heard: 'unavailable', done: 0 },
    { fault: { requestLost: 1 }, heard: 'timeout', done: 0 },
    { fault: { replyLost: 1 }, heard: 'timeout', done: 1 },
  ]) {
    it(`with ${JSON.stringify(fault)} says ${heard} when ${done} was done`, async () => {
      const world = new Counting(fault);
      world.add();
      await world.pass();
      expect([world.heard, world.count]).to.deep.equal([[heard], done]);
    });
  }

  it('carries out twice what may be repeated, and tells of one time', async () => {
    const world = new Counting({ doubled: 1 });
    world.add();
    await world.pass();
    expect(world.count).to.equal(2);
    expect(world.heard).to.have.length(1);
  });

  it('tells nobody that nothing was done while the other of two copies was carried out', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const world = new Counting({ doubled: 1 }, seed);
      world.refusals = 1;
      world.add();
      await world.pass();
      expect([world.count, world.heard]).to.be.deep.oneOf([
        [1, ['1']],
        [1, ['timeout']],
      ]);
    }
  });

  it('lets an answer be lost with the server that gave it', async () => {
    const world = new Counting();
    world.add();
    while (world.count === 0) await world.pass(1);
    world.server.crash();
    await world.pass();
    expect(world.heard).to.deep.equal(['timeout']);
    world.add();
    await world.pass();
    expect(world.heard).to.deep.equal(['timeout', 'unavailable']);
    world.server.restart();
    world.add();
    await world.pass();
    expect(world.heard.at(-1)).to.equal('2');
  });
});

describe('a simulated process', () => {
  it('is told nothing more once it is killed, though what it has sent is done', async () => {
    const world = new Counting();
    world.add();
    world.process.kill();
    await world.pass();
    expect([world.heard, world.count]).to.deep.equal([[], 1]);
    world.add();
    await world.pass();
    expect(world.count).to.equal(1);
  });

  it('that is paused hears later what came meanwhile, in its order', async () => {
    const { time, process } = new Counting();
    const heard: string[] = [];
    process.pause();
    for (const delayMs of [30, 10, 20]) process.after(delayMs, () => heard.push(`${delayMs}`));
    void process.sleep(5).then(() => heard.push('slept'));
    await time.pass(100, () => false);
    expect(heard).to.deep.equal([]);
    process.resume();
    await time.pass(0, () => false);
    expect(heard).to.deep.equal(['slept', '10', '20', '30']);
  });

  it('has a clock of its own that never goes back', async () => {
    const time = new VirtualTime();
    const process = new SimulatedProcess('p', time, -50);
    const before = process.nowMs();
    expect(before).to.equal(time.nowMs - 50);
    await time.pass(1_000, () => false);
    expect(process.nowMs()).to.equal(before + 1_000);
  });
});
