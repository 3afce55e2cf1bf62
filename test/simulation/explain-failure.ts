import { DEFAULT_STEPS, runScenario } from './run-simulation.ts';
import { shrink } from './shrink.ts';
import { scenarioOf } from './world/actions.ts';

/** How long the search for a shorter trace may take, in milliseconds. */
const SEARCH_FOR_MS = 60_000;

/** Two failures are the same when they say the same of other streams, tabs and numbers. */
const kindOf = (failure: string | undefined): string | undefined =>
  failure?.replaceAll(/[0-9a-f]*\d[0-9a-f]*/g, '#');

/** Tells what fails with a seed, and by which shortest way: for a person to read. Undefined when nothing fails. */
export async function explainFailure(seed: number, steps = DEFAULT_STEPS): Promise<string | undefined> {
  const scenario = scenarioOf(seed, steps);
  const { failure } = await runScenario(scenario);
  if (failure === undefined) return undefined;
  const untilMs = performance.now() + SEARCH_FOR_MS;
  const actions = await shrink(scenario.actions, {
    fails: async (fewer) =>
      kindOf((await runScenario({ ...scenario, actions: fewer })).failure) === kindOf(failure),
    isOver: () => performance.now() > untilMs,
  });
  const shortest = await runScenario({ ...scenario, actions });
  const all = scenario.actions.length;
  return [
    `seed ${seed} with ${steps} steps fails: ${failure}`,
    `${actions.length} of ${all} steps are enough, in a run with ${JSON.stringify(scenario.settings)}:`,
    ...shortest.lines,
    `again: npm run test:sim -- --seed ${seed} --steps ${steps}`,
  ].join('\n');
}
