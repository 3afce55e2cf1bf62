/** Runs the benches that the command line names, or all of them, and writes docs/BENCHMARKS.md. */
import { Argument } from 'commander';
import { longRun } from '../scripts/long-run.ts';
import { pinLoadGenerator } from './support/process.ts';
import { store, writeReport } from './support/report.ts';
import type { Bench } from './support/result.ts';

const BENCHES: Readonly<Record<string, () => Promise<{ bench: Bench }>>> = {
  start: () => import('./start.bench.ts'),
  'reserve-settle': () => import('./reserve-settle.bench.ts'),
  'reserve-settle-mongodb': () => import('./reserve-settle-mongodb.bench.ts'),
  login: () => import('./login.bench.ts'),
  'login-timing': () => import('./login-timing.bench.ts'),
  resume: () => import('./resume.bench.ts'),
  'mux-echo': () => import('./mux-echo.bench.ts'),
  'mux-safeguards': () => import('./mux-safeguards.bench.ts'),
  'mux-fairness': () => import('./mux-fairness.bench.ts'),
  'mux-stall': () => import('./mux-stall.bench.ts'),
  'mux-memory': () => import('./mux-memory.bench.ts'),
  'mux-scale': () => import('./mux-scale.bench.ts'),
  'multiplexed-or-separate': () => import('./multiplexed-or-separate.bench.ts'),
  control: () => import('./control.bench.ts'),
  'control-memory': () => import('./control-memory.bench.ts'),
  'sse-tokens': () => import('./sse-tokens.bench.ts'),
  'sse-tokens-fleet': () => import('./sse-tokens-fleet.bench.ts'),
};

const wanted = longRun('bench', 'Runs benches and writes docs/BENCHMARKS.md.')
  .addArgument(new Argument('[bench...]', 'Which; all unless said.').choices(Object.keys(BENCHES)))
  .parse().args;
pinLoadGenerator();
for (const [name, load] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  const { bench } = await load();
  const result = await bench.run();
  for (const { what, who, median, unit } of result.figures)
    process.stdout.write(`${name}: ${who}: ${what}: ${median.toPrecision(4)} ${unit}\n`);
  for (const { goal, measured, met } of result.verdicts)
    process.stdout.write(`${met ? 'met' : 'NOT MET'}: ${goal} (${measured})\n`);
  await store(result);
}
writeReport();
