/**
 * Runs the core of several nodes on simulated stores. A failure prints its seed and the shortest trace that still fails.
 */
import { Option } from 'commander';
import { CONTROL_STEPS, runSeed as runControlSeed } from '../test/simulation/control/run-control.ts';
import { explainFailure } from '../test/simulation/explain-failure.ts';
import { MUX_STEPS, runSeed as runMuxSeed } from '../test/simulation/mux/run-mux.ts';
import { findPlanted, MOST_SEEDS, plantedBugs } from '../test/simulation/planted/find-planted.ts';
import { DEFAULT_STEPS, runSeed } from '../test/simulation/run-simulation.ts';
import { longRun, wholeNumber } from './long-run.ts';

const SCENARIOS = {
  streams: { run: runSeed, steps: DEFAULT_STEPS },
  control: { run: runControlSeed, steps: CONTROL_STEPS },
  mux: { run: runMuxSeed, steps: MUX_STEPS },
} as const;

/** Seeds between two words about how far the run is. */
const SAY_EVERY = 1_000;

interface Flags {
  readonly seed: number;
  readonly seeds: number;
  readonly steps?: number;
  readonly scenario: keyof typeof SCENARIOS;
  readonly trace?: true;
  readonly planted?: true;
}

const options = longRun(
  'test:sim',
  'Runs the core of several nodes on simulated stores, each run decided by its seed. A failure prints its seed and the shortest trace that still fails.',
)
  .option('--seed <n>', 'The first seed.', wholeNumber, 1)
  .option('--seeds <n>', 'How many seeds, one after the other.', wholeNumber, 1)
  .option(
    '--steps <n>',
    `How long each run is: ${DEFAULT_STEPS} steps unless said, of agents ${CONTROL_STEPS}, of multiplexed sessions ${MUX_STEPS}.`,
    wholeNumber,
  )
  .addOption(
    new Option('--scenario <what>', 'Streams, agents with their reviewers, or multiplexed sessions.')
      .choices(Object.keys(SCENARIOS))
      .default('streams'),
  )
  .option('--trace', 'Show a run that goes well too.')
  .option('--planted', 'Plant each known bug in a copy of the sources, and say how many seeds find it.')
  .parse()
  .opts<Flags>();

const scenario = SCENARIOS[options.scenario];
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

async function runSeeds(first: number, seeds: number, steps: number): Promise<void> {
  for (let seed = first; seed < first + seeds; seed += 1) {
    const { failure, lines, digest } = await scenario.run(seed, steps);
    if (options.trace) say(lines.join('\n'));
    if (failure !== undefined) {
      if (scenario !== SCENARIOS.streams) say(`${lines.join('\n')}\nseed ${seed} fails: ${failure}`);
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

if (options.planted) await findAllPlanted();
else {
  const { seed, seeds, steps = scenario.steps } = options;
  await runSeeds(seed, seeds, steps);
}
