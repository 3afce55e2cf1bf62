/**
 * Runs the core of several nodes on simulated stores: `npm run test:sim -- --seed N [--steps N] [--seeds N] [--trace]`
 * `[--scenario streams|control]`.
 * A failure prints its seed and the shortest trace that still fails. `--planted` plants each known bug in a copy of the
 * sources and says how many seeds find it.
 */
import { parseArgs } from 'node:util';
import { CONTROL_STEPS, runSeed as runControlSeed } from '../test/simulation/control/run-control.ts';
import { explainFailure } from '../test/simulation/explain-failure.ts';
import { findPlanted, MOST_SEEDS, plantedBugs } from '../test/simulation/planted/find-planted.ts';
import { DEFAULT_STEPS, runSeed } from '../test/simulation/run-simulation.ts';

/** Seeds between two words about how far the run is. */
const SAY_EVERY = 1_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    steps: { type: 'string' },
    scenario: { type: 'string', default: 'streams' },
    trace: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
  },
});

const isOfAgents = values.scenario === 'control';
if (!isOfAgents && values.scenario !== 'streams') {
  process.stderr.write('--scenario is streams or control\n');
  process.exit(2);
}
const run = isOfAgents ? runControlSeed : runSeed;

function wholeNumber(name: 'seed' | 'seeds' | 'steps'): number {
  const value = Number(values[name] ?? (isOfAgents ? CONTROL_STEPS : DEFAULT_STEPS));
  if (Number.isSafeInteger(value) && value >= 1) return value;
  process.stderr.write(`--${name} takes a whole number of at least 1\n`);
  process.exit(2);
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

async function runSeeds(first: number, seeds: number, steps: number): Promise<void> {
  for (let seed = first; seed < first + seeds; seed += 1) {
    const { failure, lines, digest } = await run(seed, steps);
    if (values.trace) say(lines.join('\n'));
    if (failure !== undefined) {
      if (isOfAgents) say(`${lines.join('\n')}\nseed ${seed} fails: ${failure}`);
      else say((await explainFailure(seed, steps)) ?? `seed ${seed} failed once, and then not: ${failure}`);
      process.exitCode = 1;
      return;
    }
    if (seeds === 1) say(`seed ${seed} went well, in a trace with SHA-256 ${digest}`);
    else if ((seed - first + 1) % SAY_EVERY === 0) say(`${seed - first + 1} seeds went well`);
  }
  say(`${seeds} passed, 0 failed`);
}

async function findAllPlanted(): Promise<void> {
  for (const name of plantedBugs()) {
    const { seeds, failure } = await findPlanted(name);
    if (seeds === undefined) process.exitCode = 1;
    say(
      seeds === undefined
        ? `${name}: not found in ${MOST_SEEDS} seeds`
        : `${name}: seed ${seeds}: ${failure}`,
    );
  }
}

if (values.planted) await findAllPlanted();
else await runSeeds(wholeNumber('seed'), wholeNumber('seeds'), wholeNumber('steps'));
