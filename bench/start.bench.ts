import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilReady } from '../test/support/ready-file.ts';
import { SERVER_CORE, spawnPinned, stop } from './support/process.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { median } from './support/statistics.ts';

const ROUNDS = 9;
/** From process start to all three services listening, in milliseconds. */
const GOAL_MS = 1_500;
/** Longest wait for a start, in milliseconds. */
const LONGEST_START_MS = 30_000;

async function startOnce(data: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-ready-'));
  const ready = join(folder, 'ready');
  const ports = ['--auth-port', '0', '--accounting-port', '0', '--chat-port', '0'];
  const startedAt = performance.now();
  const child = spawnPinned(SERVER_CORE, process.execPath, [
    'bin/holdfast.js',
    'serve',
    '--demo',
    '--data',
    data,
    ...ports,
    '--ready-file',
    ready,
  ]);
  child.stdout?.resume();
  await untilReady(child, ready, LONGEST_START_MS);
  const elapsed = performance.now() - startedAt;
  await stop(child);
  rmSync(folder, { recursive: true, force: true });
  return elapsed;
}

/** How long a newcomer waits for the server. */
export const bench: Bench = {
  name: 'start',
  async run(): Promise<BenchResult> {
    const empty: number[] = [];
    const again: number[] = [];
    await startOnce(mkdtempSync(join(tmpdir(), 'holdfast-warm-')));
    for (let round = 0; round < ROUNDS; round += 1) {
      const data = mkdtempSync(join(tmpdir(), 'holdfast-start-'));
      empty.push(await startOnce(data));
      again.push(await startOnce(data));
      rmSync(data, { recursive: true, force: true });
    }
    const figures = [
      {
        who: 'holdfast',
        what: 'first start on an empty folder',
        unit: 'ms',
        median: median(empty),
        rounds: empty,
      },
      { who: 'holdfast', what: 'start after a SIGKILL', unit: 'ms', median: median(again), rounds: again },
    ];
    return {
      name: 'start',
      work: 'From the start of the process to all three services listening, embedded store, demo accounts, one core, compile cache warm.',
      figures,
      verdicts: [
        {
          goal: `ready within ${GOAL_MS} ms`,
          measured: `${Math.round(median(empty))} ms`,
          met: median(empty) <= GOAL_MS,
        },
      ],
      notes: ['The first start includes making the store and hashing the demo passwords.'],
    };
  },
};
