import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { canPin } from './process.ts';
import type { BenchResult, Figure } from './result.ts';

const FOLDER = 'docs/benchmarks';
/** A load average of more than this, before anything was measured, is other work on the machine. */
const QUIET_LOAD = 0.5;

const loadBefore = loadavg()[0] ?? 0;

interface StoredResult extends BenchResult {
  readonly commit: string;
  readonly machine: string;
  readonly at: string;
}

/** Stores a bench's result and its plot beside the others. */
export async function store(result: BenchResult): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const gib = Math.round(totalmem() / 2 ** 30);
  const model = cpus()[0]?.model ?? 'unknown processor';
  const pinned = canPin ? 'server and load generator on a core each' : 'not pinned';
  const busy =
    loadBefore > QUIET_LOAD
      ? `, busy with other work (load average ${loadBefore.toFixed(1)} before the first bench)`
      : '';
  const machine = `${cpus().length} cores (${model}), ${gib} GiB, Node.js ${process.version}, ${pinned}${busy}`;
  const stored: StoredResult = { ...result, commit, machine, at: new Date().toISOString().slice(0, 10) };
  writeFileSync(`${FOLDER}/${result.name}.json`, `${JSON.stringify(stored, null, 2)}\n`);
  writeFileSync(`${FOLDER}/${result.name}.svg`, await plot(result));
}

async function plot(result: BenchResult): Promise<string> {
  const values = result.figures.flatMap(({ who, what, unit, rounds }) =>
    rounds.map((value) => ({ who, what: `${what} (${unit})`, value })),
  );
  const spec: TopLevelSpec = {
    background: 'white',
    title: result.name,
    data: { values },
    facet: {
      row: { field: 'what', type: 'nominal', title: null, header: { labelAngle: 0, labelAlign: 'left' } },
    },
    resolve: { scale: { x: 'independent' } },
    spec: {
      width: 420,
      layer: [
        {
          mark: { type: 'bar', height: 12 },
          encoding: {
            x: { field: 'value', type: 'quantitative', aggregate: 'median', title: null },
            y: { field: 'who', type: 'nominal', title: null },
          },
        },
        {
          mark: { type: 'tick', color: 'black', thickness: 1 },
          encoding: { x: { field: 'value', type: 'quantitative' }, y: { field: 'who', type: 'nominal' } },
        },
      ],
    },
  };
  return new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}

/** Writes docs/BENCHMARKS.md from all stored results. */
export function writeReport(): void {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  const results = names
    .sort()
    .map((name) => JSON.parse(readFileSync(`${FOLDER}/${name}`, 'utf8')) as StoredResult);
  const intro = [
    '# Benchmarks',
    '',
    'Every figure comes from a bench in `bench/` that runs Holdfast and the peer in the same run, alternating, with all safeguards on. Absolute',
    'values on shared machines mean little; the ratios are the argument. `npm run bench` runs all of them, `npm run bench -- NAME` one. Figures are medians of the',
    'rounds; the ticks in the plots are the single rounds.',
    '',
  ];
  writeFileSync('docs/BENCHMARKS.md', `${[...intro, ...results.flatMap(section)].join('\n').trimEnd()}\n`);
}

function section(result: StoredResult): string[] {
  return [
    `## ${result.name}`,
    '',
    result.work,
    '',
    '| what | who | median | rounds |',
    '| --- | --- | --- | --- |',
    ...result.figures.map(row),
    '',
    ...result.verdicts.map(
      ({ goal, measured, met }) => `- ${met ? 'Met' : '**Not met**'}: ${goal}. Measured: ${measured}.`,
    ),
    '',
    ...result.notes.flatMap((note) => [note, '']),
    `![${result.name}](benchmarks/${result.name}.svg)`,
    '',
    `\`npm run bench -- ${result.name}\` at ${result.commit}, ${result.at}: ${result.machine}.`,
    '',
  ];
}

const row = ({ what, who, unit, median, rounds }: Figure): string =>
  `| ${what} | ${who} | ${round(median)} ${unit} | ${rounds.map(round).join(', ')} |`;

const round = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString();
