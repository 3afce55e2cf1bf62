import { createHash } from 'node:crypto';
import { checkQuiet, isQuiet } from './invariants/check-quiet.ts';
import { type Action, NODES, type Scenario, scenarioOf } from './world/actions.ts';
import { FAIR } from './world/network.ts';
import { perform } from './world/perform.ts';
import { World } from './world/world.ts';

/** Steps of a run unless somebody says otherwise. */
export const DEFAULT_STEPS = 80;
/** How long the world may take to become quiet once nothing goes wrong any more, in milliseconds. */
const QUIET_WITHIN_MS = 1_800_000;
/** How often it is looked whether it is, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** What a run came to. */
export interface RunOutcome {
  /** What must never be, and was; undefined when nothing. */
  readonly failure?: string;
  readonly lines: readonly string[];
  /** SHA-256 of all lines: two runs that have the same one went the same way. */
  readonly digest: string;
}

/** Runs the scenario of a seed. */
export const runSeed = (seed: number, steps = DEFAULT_STEPS): Promise<RunOutcome> =>
  runScenario(scenarioOf(seed, steps));

/** Runs actions one after another, then lets everything come to rest, and looks at every step whether all is as it must be. */
export async function runScenario({ settings, actions }: Scenario): Promise<RunOutcome> {
  const world = new World(settings);
  const onRejection = (error: unknown): void => world.journal.fail(`nobody heard of ${String(error)}`);
  const { stackTraceLimit } = Error;
  process.on('unhandledRejection', onRejection);
  // Nobody reads the stacks of simulated faults, and taking them costs more than anything else.
  Error.stackTraceLimit = 0;
  try {
    await world.begin();
    for (const action of actions) {
      await step(world, action);
      if (world.journal.failure !== undefined) break;
    }
    if (world.journal.failure === undefined) await comeToRest(world);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    process.off('unhandledRejection', onRejection);
  }
  const { lines, failure } = world.journal;
  const digest = createHash('sha256').update(lines.join('\n')).digest('hex');
  return { lines, digest, ...(failure === undefined ? {} : { failure }) };
}

async function step(world: World, { deed, thenMs, seed }: Action): Promise<void> {
  const { random, journal, time } = world;
  random.reseed(seed);
  journal.write(`— ${JSON.stringify(deed)}`);
  perform(world, deed);
  await time.pass(thenMs, () => journal.failure !== undefined);
  await world.look();
}

/** Nothing goes wrong any more, everybody who was away is back, and time passes. */
async function comeToRest(world: World): Promise<void> {
  const { journal, state, time, tail, bus } = world;
  journal.write('— all is well from now on');
  for (const server of [state.streamServer, state.ledgerServer, state.accountingServer]) {
    server.restart();
    server.weather = FAIR;
  }
  tail.losses = 0;
  bus.become(0, true);
  world.connectionLosses = 0;
  world.longestSilenceMs = 1_000;
  for (let machine = 0; machine < NODES; machine += 1) {
    world.nodes[machine]?.process.resume();
    world.run(machine);
  }
  for (let passedMs = 0; passedMs < QUIET_WITHIN_MS; passedMs += LOOK_EVERY_MS) {
    await time.pass(LOOK_EVERY_MS, () => journal.failure !== undefined);
    for (const tab of world.tabs) {
      const node = world.someNode();
      if (node === undefined || tab.isAtEnd) continue;
      void tab.follow(node);
    }
    if (journal.failure !== undefined || (await isQuiet(world))) break;
  }
  await world.look();
  if (journal.failure === undefined) await checkQuiet(world);
}
