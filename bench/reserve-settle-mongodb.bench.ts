import { randomBytes } from 'node:crypto';
import { MONGODB_VARIABLE, startMongodb } from '../scripts/services/mongodb.ts';
import { firstMessage, SERVER_CORE, spawnPinned } from './support/process.ts';
import type { Bench, BenchResult, Figure, Verdict } from './support/result.ts';
import { median } from './support/statistics.ts';

const ROUNDS = 5;
/** Reserves with their settles in one round. */
const PAIRS = 1_500;
const GOAL_RATIO = 0.5;

async function pairsPerSecond(program: string, server: string, accounts: number): Promise<number> {
  const url = new URL(server);
  url.pathname = `/holdfast-bench-${randomBytes(6).toString('hex')}`;
  const args = [program, url.href, String(accounts), String(PAIRS)];
  const child = spawnPinned(SERVER_CORE, process.execPath, args);
  const { perSecond } = await firstMessage<{ perSecond: number }>(child);
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  return perSecond;
}

/** What a reserve and a settle cost on MongoDB when many ask at once. */
export const bench: Bench = {
  name: 'reserve-settle-mongodb',
  async run(): Promise<BenchResult> {
    const named = process.env[MONGODB_VARIABLE] || undefined;
    const own = named === undefined ? await startMongodb() : undefined;
    const server = named ?? own?.url ?? '';
    const figures: Figure[] = [];
    const verdicts: Verdict[] = [];
    for (const accounts of [1, 1_000]) {
      const ours: number[] = [];
      const bare: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        ours.push(await pairsPerSecond('bench/peers/holdfast-mongo-ledger.ts', server, accounts));
        bare.push(await pairsPerSecond('bench/peers/bare-mongo-ledger.ts', server, accounts));
      }
      const what = `reserve + settle, ${accounts === 1 ? 'one account' : `${accounts} accounts`}`;
      const unit = 'pairs/s';
      figures.push({ who: 'holdfast, 100 callers', what, unit, median: median(ours), rounds: ours });
      figures.push({ who: 'bare updates', what, unit, median: median(bare), rounds: bare });
      const ratio = median(ours) / median(bare);
      const goal = `at least ${GOAL_RATIO} × bare updates, ${what}`;
      verdicts.push({ goal, measured: `${ratio.toFixed(2)} ×`, met: ratio >= GOAL_RATIO });
    }
    await own?.stop();
    return {
      name: 'reserve-settle-mongodb',
      work: '100 callers reserve and settle on the ledger of a fleet, until journal and usage records are written too; the peer makes one conditional update for each, with the same write concern, and writes nothing else.',
      figures,
      verdicts,
      notes: [
        `Both ask the same server${own === undefined ? '' : ` (${own.program.split('/').at(-1)})`}, and run on one core.`,
        'For each pair it takes a claim of the id, two updates of the account, two entries of the journal, a usage record and the clearing of the outbox, against two updates. With 1,000 accounts and 100 callers, updates of different accounts share a command, as claims and records do, so that a pair costs about a tenth of a command where the peer sends two; what is left is the server’s work on the documents. With the server’s files in memory, the driver’s side of a pair took three fifths of the CPU that the peer’s takes, and the server’s side a half to two thirds more.',
      ],
    };
  },
};
