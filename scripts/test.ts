/**
 * Everything that `npm test` promises: types, lint, layer laws, unit, contract and end-to-end tests. Each static
 * check counts as one test. Ends with one line, `N passed, N failed`, and exit code 1 when anything failed.
 */
import { spawn } from 'node:child_process';
import { availableParallelism, setPriority } from 'node:os';
import { CHROMIUM } from './services/chromium.ts';
import { MONGODB_VARIABLE, startMongodb } from './services/mongodb.ts';
import { mongodbGate } from './services/mongodb-gate.ts';
import type { OwnServer } from './services/own-server.ts';
import { REDIS_VARIABLE, startRedis } from './services/redis.ts';
import { redisGate } from './services/redis-gate.ts';
import { provideService, type Service } from './services/service.ts';
import { type Outcome, runSuite, type Suite } from './suite.ts';

/** A suite that is not done by then hangs, in milliseconds. */
const SUITE_TIMEOUT_MS = 20 * 60_000;
/** A static check that is not done by then hangs, in milliseconds. */
const CHECK_TIMEOUT_MS = 10 * 60_000;

/**
 * End-to-end tests that measure times which are promised, or race an answer: no more of them run at once than there are
 * cores, and nothing else does. Most of the time each waits. The longest are begun first.
 */
const MEASURED = [
  'fleet/three-nodes',
  'fleet/slow-mongodb',
  'browser/tabs',
  'browser/cookies',
  'revocation-lost',
  'fleet/lost-redis',
  'api-keys',
  'api-keys-apart',
  'fleet/no-redis',
  'multiplexing',
  'revocation',
  'revocation-apart',
  'streaming-text',
  'upstream-model',
];
/** Tests that take longest, which are begun before the others so that none is waited for at the end. */
const LONGEST = {
  units: [
    'adapters/rules/hostile-input',
    'adapters/mongo/inspection/mongo-store-inspection',
    'adapters/mongo/identity/mongo-identity',
    'adapters/mongo/identity/mongo-identity-faults',
  ],
  endToEnd: [
    'fleet/stores-under-load',
    'mux-command',
    'fleet/crashes',
    'browser/page',
    'fleet/moving-to-mongodb',
    'packed',
    'fleet/multiplexing-apart',
    'crash',
    'fleet/exact-resume',
    'fleet/dead-nodes',
    'fleet/draining',
    'fleet/one-node',
  ],
};

/** How far what nobody waits for stands back behind the rest, as `nice` has it. */
const STANDS_BACK = 5;

/** Runs a program quietly, in what the tests beside it leave of the machine. */
function run(command: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) setPriority(child.pid, STANDS_BACK);
    let output = '';
    const take = (data: Buffer): void => {
      output += data.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const timer = setTimeout(() => child.kill('SIGKILL'), CHECK_TIMEOUT_MS);
    child.once('error', (error) =>
      resolve({ code: 1, output: `${command} could not be started: ${error.message}\n` }),
    );
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** Runs a tool whose verdict is its exit code. It is heard of only when it fails: tests speak meanwhile. */
async function check(name: string, command: string, args: readonly string[]): Promise<Outcome> {
  const startedAt = performance.now();
  const { code, output } = await run(command, args);
  const seconds = (performance.now() - startedAt) / 1000;
  if (code !== 0) process.stdout.write(`  ✘ ${name}\n${output}\n`);
  return { name, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, seconds };
}

/** Sees to a program that tests need, and tells the tests where it is. */
function provide(service: Service): Outcome {
  const startedAt = performance.now();
  const outcome = (passed: number): Outcome => {
    const seconds = (performance.now() - startedAt) / 1000;
    return { name: service.name, passed, failed: 1 - passed, seconds };
  };
  try {
    const program = provideService(service);
    process.env[service.variable] = program;
    process.stdout.write(`  ✔ ${service.name}: ${program}\n`);
    return outcome(1);
  } catch (error) {
    process.stdout.write(`  ✘ ${(error as Error).message}\n`);
    return outcome(0);
  }
}

const ownServers: OwnServer[] = [];

/**
 * Sees to a server that tests need, unless the environment names one; tells the tests where it is, and sees first
 * that it can do what they rest on.
 */
async function serve(
  name: string,
  variable: string,
  start: () => Promise<OwnServer>,
  gate: (url: string, own: OwnServer | undefined) => Promise<string>,
): Promise<Outcome> {
  const startedAt = performance.now();
  let passed = 0;
  try {
    const named = process.env[variable] || undefined;
    const own = named === undefined ? await start() : undefined;
    if (own !== undefined) ownServers.push(own);
    const url = named ?? own?.url ?? '';
    process.env[variable] = url;
    process.stdout.write(`  ✔ ${name}: ${await gate(url, own)}\n`);
    passed = 1;
  } catch (error) {
    process.stdout.write(`  ✘ ${name}: ${(error as Error).message}\n`);
  }
  return { name, passed, failed: 1 - passed, seconds: (performance.now() - startedAt) / 1000 };
}

/**
 * Puts a new server in the place of the tests' own: what thousands of tests have left in a stand-in slows it down, and
 * whatever ails it does not go on. A server that the environment names stays.
 */
async function startOver(variable: string, start: () => Promise<OwnServer>): Promise<void> {
  const at = ownServers.findIndex(({ url }) => url === process.env[variable]);
  const old = ownServers[at];
  if (old === undefined) return;
  try {
    const own = await start();
    ownServers[at] = own;
    process.env[variable] = own.url;
    await old.stop();
  } catch (error) {
    process.stdout.write(`  ✘ ${(error as Error).message}\n`);
  }
}

function suite(name: string, files: Omit<Suite, 'name' | 'options'>, ...options: string[]): Promise<Outcome> {
  process.stdout.write(`\n${name}\n`);
  const stop = AbortSignal.timeout(SUITE_TIMEOUT_MS);
  return runSuite({ name, ...files, options }, stop, (text) => process.stdout.write(text));
}

// Whoever ends this process ends what it has started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const begunAt = performance.now();
process.stdout.write('what tests need\n');
// They need no server, and are done beside an install, which mostly waits for the network, and the first tests.
const checks = [
  check('types', 'tsc', ['--noEmit']),
  check('types of the page', 'tsc', ['--noEmit', '--project', 'tsconfig.web.json']),
  check('lint and format', 'biome', ['check', '--error-on-warnings', '.']),
  check('no unused file, export or dependency', 'knip', []),
];
const ownMongodb = (): Promise<OwnServer> => startMongodb({ syncsAll: false });
const outcomes: Outcome[] = [
  provide(CHROMIUM),
  await serve('MongoDB', MONGODB_VARIABLE, ownMongodb, mongodbGate),
  await serve('Redis', REDIS_VARIABLE, startRedis, redisGate),
];
/** Runs so many files side by side. */
const sideBySide = (jobs: number): string[] => ['--parallel', '--jobs', String(Math.max(2, jobs))];
const cores = availableParallelism();
const patient = ['--timeout', '120000'];
const unit = (name: string): string => `test/${name}.test.ts`;
const endToEnd = (name: string): string => `test/end-to-end/${name}.test.ts`;
outcomes.push(
  // Those that ask the one server of MongoDB wait for it while others compute.
  await suite(
    'rules, contracts and adapters',
    {
      files: [...LONGEST.units, '**/*'].map(unit),
      except: [endToEnd('**/*')],
      among: [unit('adapters/mongo/**/*')],
    },
    ...sideBySide(cores + 2),
  ),
  ...(await Promise.all(checks)),
);
await startOver(MONGODB_VARIABLE, ownMongodb);
outcomes.push(
  // They wait for most of their time, for what they have started or for a time to pass.
  await suite(
    'end to end',
    {
      files: [...LONGEST.endToEnd, '**/*'].map(endToEnd),
      except: MEASURED.map(endToEnd),
      among: [endToEnd('fleet/**/*')],
    },
    ...sideBySide(cores + 2),
    ...patient,
  ),
);
await startOver(MONGODB_VARIABLE, ownMongodb);
outcomes.push(
  await suite('end to end, measured', { files: MEASURED.map(endToEnd) }, ...sideBySide(cores), ...patient),
);
for (const server of ownServers) await server.stop();

process.stdout.write('\n');
// Whoever is shown only the end of this output is to know what failed.
for (const { name, failures = [] } of outcomes) {
  for (const failure of failures) process.stdout.write(`FAILED, ${name}: ${failure}\n`);
}
for (const { name, passed, failed, seconds } of outcomes) {
  process.stdout.write(`${name}: ${passed} of ${passed + failed} in ${seconds.toFixed(1)} s\n`);
}
process.stdout.write(`all of it in ${((performance.now() - begunAt) / 60_000).toFixed(1)} min\n`);
const sum = (pick: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + pick(outcome), 0);
const failed = sum((outcome) => outcome.failed);
process.stdout.write(`${sum((outcome) => outcome.passed)} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
