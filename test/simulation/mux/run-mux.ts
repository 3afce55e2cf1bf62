import { createHash } from 'node:crypto';
import type { RunOutcome } from '../run-simulation.ts';
import { FAIR, type Weather } from '../world/network.ts';
import { SeededRandom } from '../world/seeded-random.ts';
import { MuxFleet, NODES, TABS } from './mux-fleet.ts';
import { SESSION_LEASE_MS } from './mux-node.ts';
import type { MuxTab } from './mux-tab.ts';

/** Steps of a run unless somebody says otherwise. */
export const MUX_STEPS = 60;
/** How long the fleet may take to become quiet once nothing goes wrong any more, in milliseconds. */
const QUIET_WITHIN_MS = 300_000;
/** How often it is looked whether it is, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** Runs multiplexed sessions over several nodes on a store that does the worst its ports allow, as a seed decides. */
export async function runSeed(seed: number, steps = MUX_STEPS): Promise<RunOutcome> {
  const fleet = new MuxFleet();
  const { journal, time } = fleet;
  const onRejection = (error: unknown): void => journal.fail(`nobody heard of ${String(error)}`);
  const { stackTraceLimit } = Error;
  process.on('unhandledRejection', onRejection);
  // Nobody reads the stacks of simulated faults, and taking them costs more than anything else.
  Error.stackTraceLimit = 0;
  try {
    fleet.random.reseed(seed);
    for (let machine = 0; machine < NODES; machine += 1) fleet.run(machine);
    const chance = new SeededRandom(seed);
    for (let step = 0; step < steps && journal.failure === undefined; step += 1) {
      perform(fleet, chance);
      const thenMs = chance.weighted([
        [60, chance.whole(0, 400)],
        [30, chance.whole(0, 4_000)],
        [8, chance.whole(4_000, 15_000)],
        [1, chance.whole(60_000, 300_000)],
      ]);
      await time.pass(thenMs, () => journal.failure !== undefined);
    }
    if (journal.failure === undefined) await comeToRest(fleet);
    if (journal.failure === undefined) await leaveAll(fleet);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    process.off('unhandledRejection', onRejection);
  }
  const { lines, failure } = journal;
  const digest = createHash('sha256').update(lines.join('\n')).digest('hex');
  return { lines, digest, ...(failure === undefined ? {} : { failure }) };
}

type Doing =
  | ('connect' | 'move' | 'cut' | 'vanish' | 'say' | 'say by the former' | 'close')
  | ('steal' | 'use again' | 'kick' | 'stop' | 'kill' | 'pause' | 'crash' | 'weather' | 'words');

function perform(fleet: MuxFleet, chance: SeededRandom): void {
  const { journal, invariants } = fleet;
  const machine = chance.whole(0, NODES - 1);
  const forMs = chance.whole(0, 12_000);
  const doing = chance.weighted<Doing>([
    [18, 'connect'],
    [8, 'move'],
    [6, 'cut'],
    [2, 'vanish'],
    [24, 'say'],
    [6, 'say by the former'],
    [2, 'close'],
    [5, 'steal'],
    [4, 'use again'],
    [2, 'kick'],
    [2, 'stop'],
    [4, 'kill'],
    [5, 'pause'],
    [2, 'crash'],
    [6, 'weather'],
    [5, 'words'],
  ]);
  const tab = chance.pick(tabsFor(fleet, doing));
  journal.write(`— ${doing} ${tab.name} ${machine} ${forMs}`);
  const node = fleet.serving(machine);
  if (doing === 'connect') tab.connect(node);
  if (doing === 'move') tab.connect(node, true);
  if (doing === 'cut' || doing === 'vanish') tab.cut(doing === 'vanish');
  if (doing === 'say' || doing === 'say by the former') tab.say(doing !== 'say');
  if (doing === 'close') tab.close();
  const stolen = doing === 'steal' ? [...invariants.issued.keys()] : invariants.spent;
  if (doing === 'steal' || doing === 'use again') {
    const by = doing === 'steal' ? 'thief' : 'owner';
    if (stolen.length > 0) fleet.steal(machine, chance.pick(stolen), by, tab);
  }
  if (doing === 'kick' && tab.known !== undefined) fleet.kick(machine, tab.known.id);
  hurt(fleet, doing, { machine, forMs }, chance);
}

/** Those with whom it comes to something, if there are any. */
function tabsFor({ tabs }: MuxFleet, doing: Doing): readonly MuxTab[] {
  const fitting = tabs.filter(({ isOpen }) => isOpen === (doing !== 'connect'));
  return fitting.length > 0 ? fitting : tabs;
}

/** What happens to nodes, to the store, and to what they say to each other. */
function hurt(
  fleet: MuxFleet,
  doing: Doing,
  { machine, forMs }: { readonly machine: number; readonly forMs: number },
  chance: SeededRandom,
): void {
  const { time, server, bus, asks } = fleet;
  const node = fleet.nodes[machine];
  if ((doing === 'kill' || doing === 'stop') && node !== undefined) {
    node.process.onDeath(() => time.after(forMs, () => fleet.run(machine)));
    if (doing === 'kill') node.process.kill();
    else node.process.after(0, () => void node.stop());
  }
  if (doing === 'pause' && node !== undefined) {
    node.process.pause();
    time.after(chance.chance(0.2) ? 3 * forMs : forMs, () => node.process.resume());
  }
  if (doing === 'crash') {
    server.crash();
    time.after(forMs / 4, () => server.restart());
  }
  if (doing === 'weather') {
    server.weather = weatherOf(chance);
    time.after(forMs, () => {
      server.weather = FAIR;
    });
  }
  if (doing === 'words') {
    bus.become(chance.pick([0, 0.2, 1]), chance.chance(0.6));
    asks.losses = chance.pick([0, 0.2]);
  }
}

function weatherOf(chance: SeededRandom): Weather {
  const bad = (): number => (chance.chance(0.5) ? 0 : chance.pick([0.05, 0.2, 0.4]));
  const losses = { refused: bad(), requestLost: bad() / 3, replyLost: bad() / 3, doubled: bad() };
  return { ...losses, slow: bad(), usualMs: 10, longestMs: 1_500 };
}

/** Nothing goes wrong any more, and everybody comes back to what is his. */
async function comeToRest(fleet: MuxFleet): Promise<void> {
  const { journal, time, server, bus, asks, tabs } = fleet;
  journal.write('— all is well from now on');
  server.restart();
  server.weather = FAIR;
  bus.become(0, true);
  asks.losses = 0;
  for (let machine = 0; machine < NODES; machine += 1) {
    fleet.nodes[machine]?.process.resume();
    fleet.run(machine);
  }
  for (let passedMs = 0; passedMs < QUIET_WITHIN_MS; passedMs += LOOK_EVERY_MS) {
    await time.pass(LOOK_EVERY_MS, () => journal.failure !== undefined);
    if (journal.failure !== undefined) return;
    const node = fleet.serving((passedMs / LOOK_EVERY_MS) % NODES);
    for (const tab of tabs) {
      if (!tab.isOpen && tab.known !== undefined) tab.connect(node);
      else if (!tab.isQuiet) tab.sayAgain();
    }
    if (tabs.every(({ isQuiet }) => isQuiet) && fleet.untrue() === undefined) return;
  }
  const quiet = tabs.filter(({ isQuiet }) => isQuiet);
  journal.fail(fleet.untrue() ?? `${TABS - quiet.length} tabs never came to rest`);
}

/** Everybody goes, and when the leases are over nothing is left. */
async function leaveAll(fleet: MuxFleet): Promise<void> {
  const { journal, time, tabs, invariants } = fleet;
  journal.write('— everybody goes');
  for (const tab of tabs) tab.cut();
  await time.pass(2 * SESSION_LEASE_MS + QUIET_WITHIN_MS, () => journal.failure !== undefined);
  const left = [...invariants.states()].length;
  journal.expect(left === 0, () => `${left} sessions are left for ever`);
}
