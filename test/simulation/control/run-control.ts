import { createHash } from 'node:crypto';
import type { IncomingEvent } from '../../../src/application/control/event-arrival.ts';
import { type ControlPolicy, DEFAULT_POLICY } from '../../../src/domain/control/control-policy.ts';
import { withPolicy } from '../../../src/domain/control/policy-book.ts';
import { FAIR, type Weather } from '../world/network.ts';
import { SeededRandom } from '../world/seeded-random.ts';
import type { SimulatedAgent } from './control-agent.ts';
import { AGENTS, ControlWorld, NODES } from './control-world.ts';

/** Steps of a run unless somebody says otherwise. */
export const CONTROL_STEPS = 60;
/** How long the world may take to become quiet once nothing goes wrong any more, in milliseconds. */
const QUIET_WITHIN_MS = 300_000;
/** How long sessions stay their agents' when nobody is connected: longer than any run, or not, in milliseconds. */
const LEASES_MS = [86_400_000, 8_000];
/** How often it is looked whether it is, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** The policy at the end, by which everybody is answered. */
const AT_REST: ControlPolicy = { ...DEFAULT_POLICY, mode: 'hitl' };

/** What a run came to. */
export interface ControlOutcome {
  /** What must never be, and was; undefined when nothing. */
  readonly failure?: string;
  readonly lines: readonly string[];
  /** SHA-256 of all lines. */
  readonly digest: string;
}

/** Runs the agents' control plane of several nodes on a store that does the worst its ports allow, as a seed decides. */
export async function runSeed(seed: number, steps = CONTROL_STEPS): Promise<ControlOutcome> {
  const world = new ControlWorld();
  const { journal, time } = world;
  const onRejection = (error: unknown): void => journal.fail(`nobody heard of ${String(error)}`);
  const { stackTraceLimit } = Error;
  process.on('unhandledRejection', onRejection);
  // Nobody reads the stacks of simulated faults, and taking them costs more than anything else.
  Error.stackTraceLimit = 0;
  try {
    world.random.reseed(seed);
    const chance = new SeededRandom(seed);
    world.routeLeaseMs = chance.pick(LEASES_MS);
    await world.begin();
    for (let step = 0; step < steps && journal.failure === undefined; step += 1) {
      await perform(world, chance);
      const thenMs = chance.weighted([
        [60, chance.whole(0, 400)],
        [30, chance.whole(0, 4_000)],
        [8, chance.whole(4_000, 15_000)],
      ]);
      await time.pass(thenMs, () => journal.failure !== undefined);
    }
    if (journal.failure === undefined) await comeToRest(world);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    process.off('unhandledRejection', onRejection);
  }
  const { lines, failure } = journal;
  const digest = createHash('sha256').update(lines.join('\n')).digest('hex');
  return { lines, digest, ...(failure === undefined ? {} : { failure }) };
}

async function perform(world: ControlWorld, chance: SeededRandom): Promise<void> {
  const { journal, time, server, bus } = world;
  const agent = world.agents[chance.whole(0, AGENTS - 1)];
  const [machine, other] = [chance.whole(0, NODES - 1), chance.whole(0, NODES - 1)];
  const forMs = chance.whole(0, 12_000);
  const deed = chance.weighted<string>([
    [14, 'connect'],
    [6, 'cut'],
    [26, 'send'],
    [6, 'send apart'],
    [4, 'send again'],
    [14, 'decide twice'],
    [4, 'kill'],
    [5, 'pause'],
    [2, 'crash'],
    [6, 'weather'],
    [5, 'words'],
    [5, 'release'],
    [4, 'policy'],
  ]);
  journal.write(`— ${deed} ${agent?.route.owner} ${machine} ${other} ${forMs}`);
  const node = world.serving(machine);
  if (deed === 'connect' && node !== undefined) agent?.connect(node);
  if (deed === 'cut') agent?.cut();
  if (deed === 'send') agent?.send(eventOf(`event-${world.nextNumber()}`, chance.chance(0.6)));
  if (deed === 'send apart')
    agent?.sendApart(node, eventOf(`event-${world.nextNumber()}`, chance.chance(0.6)));
  if (deed === 'send again') agent?.sendAgain();
  if (deed === 'decide twice') {
    const open = await world.openReviews();
    if (open.length === 0) return;
    const review = chance.pick(open);
    world.decide(machine, review, 'approved');
    world.decide(other, review, chance.pick(['approved', 'rejected']));
  }
  if (deed === 'kill' && node !== undefined) {
    node.process.kill();
    time.after(forMs, () => world.run(machine));
  }
  if (deed === 'pause' && node !== undefined) {
    node.process.pause();
    time.after(forMs, () => node.process.resume());
  }
  if (deed === 'crash') {
    server.crash();
    time.after(forMs / 4, () => server.restart());
  }
  if (deed === 'weather') {
    server.weather = weatherOf(chance);
    time.after(forMs, () => {
      server.weather = FAIR;
    });
  }
  if (deed === 'release' && agent !== undefined) {
    world.release(machine, agent.route.sessionId);
    time.after(Math.round(forMs / 4), () => rivalOf(world, agent)?.connect(agent.node ?? node));
  }
  if (deed === 'policy') world.changePolicy(machine, policyOf(chance));
  if (deed === 'words') bus.become(chance.pick([0, 0.2, 1]), chance.chance(0.6));
}

/** Whoever asks for the same session, if anybody does. */
const rivalOf = ({ agents }: ControlWorld, agent: SimulatedAgent): SimulatedAgent | undefined =>
  agents.find((other) => other !== agent && other.route.sessionId === agent.route.sessionId);

/** Mostly one that answers: in alert mode there is little to lose. */
function policyOf(chance: SeededRandom): ControlPolicy {
  const mode = chance.weighted<ControlPolicy['mode']>([
    [6, 'hitl'],
    [3, 'block'],
    [1, 'alert'],
  ]);
  const flags = { m2: chance.chance(0.5), failClosedOnClassifierError: chance.chance(0.5) };
  return { ...DEFAULT_POLICY, ...flags, mode };
}

function weatherOf(chance: SeededRandom): Weather {
  const bad = (): number => (chance.chance(0.5) ? 0 : chance.pick([0.05, 0.2, 0.4]));
  const losses = { refused: bad(), requestLost: bad() / 3, replyLost: bad() / 3, doubled: bad() };
  return { ...losses, slow: bad(), usualMs: 10, longestMs: 1_500 };
}

/** The same ids for every owner: none of them may matter to another's. */
function eventOf(eventId: string, isDangerous: boolean): IncomingEvent {
  const calls = isDangerous ? [{ name: 'bash', args: '{}' }] : [];
  const pairType = isDangerous ? 'llm' : 'tool';
  return {
    bytes: Buffer.from(eventId),
    sha256: createHash('sha256').update(eventId).digest('hex'),
    claims: { eventId, sessionId: '', connectionId: '', runId: 'run', agentId: '', source: '', pairType },
    classified: { pairType, profile: undefined, agentId: '', source: 'sdk', calls, messages: [], output: '' },
  };
}

/** Nothing goes wrong any more, everybody comes back, and every question is answered. */
async function comeToRest(world: ControlWorld): Promise<void> {
  const { journal, time, server, bus, policies } = world;
  journal.write('— all is well from now on');
  server.restart();
  server.weather = FAIR;
  bus.become(0, true);
  for (let machine = 0; machine < NODES; machine += 1) {
    world.nodes[machine]?.process.resume();
    world.run(machine);
  }
  for (let passedMs = 0; passedMs < QUIET_WITHIN_MS; passedMs += LOOK_EVERY_MS) {
    await time.pass(LOOK_EVERY_MS, () => journal.failure !== undefined);
    if (journal.failure !== undefined) return;
    const node = world.serving(passedMs % NODES);
    // A change that was under way may have come after.
    const book = await policies.read();
    if (book.policy.mode !== 'hitl') await policies.write(withPolicy(book, AT_REST), []);
    for (const agent of world.agents) {
      if (node !== undefined && !(agent.isIn && agent.isConnected)) agent.connect(node);
    }
    for (const review of await world.openReviews()) world.decide(passedMs % NODES, review, 'rejected');
    if (isQuiet(world)) return;
  }
  await explain(world);
  const told = world.agents.filter(({ isIn }) => isIn).map(({ policy }) => policy?.mode);
  journal.expect(
    told.every((mode) => mode === 'hitl'),
    () => `somebody goes by an old policy: ${told}`,
  );
  journal.expect(world.agents.filter(({ isIn }) => isIn).length === AGENTS - 1, () => 'somebody is kept out');
}

const isQuiet = ({ agents }: ControlWorld): boolean =>
  agents.filter(({ isIn }) => isIn).length === AGENTS - 1 &&
  agents.every(({ isIn, waiting, policy }) => !isIn || (waiting.length === 0 && policy?.mode === 'hitl'));

/** Says of which events agents that are there have no verdict, and how the store has them. */
async function explain({ agents, store, journal }: ControlWorld): Promise<void> {
  for (const { isIn, waiting, route } of agents) {
    for (const eventId of isIn ? waiting : []) {
      const state = await store.findNewest(eventId, route.owner);
      const { delivery, review, origin } = state ?? {};
      const kept = JSON.stringify({ delivery, origin, review: review?.status });
      journal.fail(`${route.owner} waits for its verdict on ${eventId} for ever: ${kept}`);
    }
  }
}
