import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RunOutcome } from '../run-simulation.ts';
import { applyPatch } from './apply-patch.ts';

/** A planted bug that is not found within so many seeds says that the simulator is not good enough. */
export const MOST_SEEDS = 1_000;
/** What a run needs of the program; the copy has nothing else. */
const NEEDED = [
  'src/domain',
  'src/application',
  'src/adapters/inbound/ws/mux',
  'src/adapters/outbound/memory',
  'test/simulation',
];
/** The scenario that is to find a bug, by what its name begins with; all others are the streams'. */
const SCENARIOS: ReadonlyArray<readonly [prefix: string, file: string]> = [
  ['control-', 'control/run-control.ts'],
  ['mux-', 'mux/run-mux.ts'],
  ['', 'run-simulation.ts'],
];

/** How a planted bug was found. */
export interface FoundBug {
  readonly name: string;
  /** How many seeds it took; undefined when it was not found. */
  readonly seeds?: number;
  readonly failure?: string;
}

/** The names of all planted bugs, in their order; those of agents begin with `control-`, of multiplexed sessions with `mux-`. */
export const plantedBugs = (): readonly string[] =>
  globSync('test/simulation/planted/*.patch')
    .map((file) => basename(file, '.patch'))
    .sort();

/**
 * Plants one bug in a copy of the sources and runs one seed after another until it shows.
 *
 * @throws Error when the patch does not apply any more.
 */
export async function findPlanted(name: string, mostSeeds = MOST_SEEDS): Promise<FoundBug> {
  const copy = mkdtempSync(join(tmpdir(), 'holdfast-planted-'));
  try {
    plant(name, copy);
    const [, scenario = ''] = SCENARIOS.find(([prefix]) => name.startsWith(prefix)) ?? [];
    const file = pathToFileURL(join(copy, 'test/simulation', scenario)).href;
    const { runSeed } = (await import(file)) as { runSeed: (seed: number) => Promise<RunOutcome> };
    for (let seed = 1; seed <= mostSeeds; seed += 1) {
      const { failure } = await runSeed(seed);
      if (failure !== undefined) return { name, seeds: seed, failure };
    }
    return { name };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function plant(name: string, copy: string): void {
  writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
  // What comes over the wire is read by packages.
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
  for (const folder of NEEDED) {
    mkdirSync(dirname(join(copy, folder)), { recursive: true });
    cpSync(folder, join(copy, folder), { recursive: true });
  }
  applyPatch(
    readFileSync(`test/simulation/planted/${name}.patch`, 'utf8'),
    (file) => readFileSync(join(copy, file), 'utf8'),
    (file, text) => writeFileSync(join(copy, file), text),
  );
}
