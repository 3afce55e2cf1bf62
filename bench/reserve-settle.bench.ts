import { firstMessage, SERVER_CORE, spawnPinned } from './support/process.ts';
import type { Bench, BenchResult, Figure, Verdict } from './support/result.ts';
import { median } from './support/statistics.ts';

const ROUNDS = 5;
/** Reserves with their settles in one round. */
const PAIRS = { holdfast: 10_000, bare: 2_000 } as const;
const GOAL_RATIO = 3;

async function pairsPerSecond(program: string, accounts: number, pairs: number): Promise<number> {
  const child = spawnPinned(SERVER_CORE, process.execPath, [program, String(accounts), String(pairs)]);
  const { perSecond } = await firstMessage<{ perSecond: number }>(child);
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  return perSecond;
}

/** What a reserve and a settle cost when many ask at once. */
export const bench: Bench = {
  name: 'reserve-settle',
  async run(): Promise<BenchResult> {
    const figures: Figure[] = [];
    const verdicts: Verdict[] = [];
    for (const accounts of [1, 10_000]) {
      const ours: number[] = [];
      const bare: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        ours.push(await pairsPerSecond('bench/peers/holdfast-ledger.ts', accounts, PAIRS.holdfast));
        bare.push(await pairsPerSecond('bench/peers/bare-sqlite-ledger.ts', accounts, PAIRS.bare));
      }
      const what = `reserve + settle, ${accounts === 1 ? 'one account' : `${accounts} accounts`}`;
      figures.push({
        who: 'holdfast, 100 callers',
        what,
        unit: 'pairs/s',
        median: median(ours),
        rounds: ours,
      });
      figures.push({
        who: 'bare SQLite transactions',
        what,
        unit: 'pairs/s',
        median: median(bare),
        rounds: bare,
      });
      const ratio = median(ours) / median(bare);
      const goal = `at least ${GOAL_RATIO} × bare SQLite, ${what}`;
      verdicts.push({ goal, measured: `${ratio.toFixed(2)} ×`, met: ratio >= GOAL_RATIO });
    }
    return {
      name: 'reserve-settle',
      work: '100 callers reserve and settle on the embedded ledger; the peer makes one transaction for each, at the same `synchronous=FULL`, writing the same rows.',
      figures,
      verdicts,
      notes: [
        'Both run on one core, the writer thread included. The peer applies no rule: it neither sizes holds nor orders grants nor tells a repeat from a changed repeat.',
      ],
    };
  },
};
