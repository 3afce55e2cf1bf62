/**
 * Cuts multiplexed connections at random frames and counts what is lost or comes twice, across two nodes on MongoDB and
 * Redis.
 */
import { rmSync } from 'node:fs';
import { huntCuts } from '../test/support/cut-hunt.ts';
import { startCutNodes } from '../test/support/cut-nodes.ts';
import { temporaryFolder } from '../test/support/running-server.ts';
import { longRun, wholeNumber } from './long-run.ts';
import { startMissingServers } from './services/missing-servers.ts';

/** Cuts of one login: an access token lasts that long on a slow machine too. */
const A_LOGIN = 1_000;

const options = longRun(
  'test:cuts',
  'Cuts multiplexed connections at random frames and counts what is lost or comes twice, across two nodes on MongoDB and Redis.',
)
  .option('--cuts <n>', 'How many cuts in all.', wholeNumber, 10_000)
  .option('--readers <n>', 'How many read at once.', wholeNumber, 10)
  .option(
    '--seed <n>',
    'What decides the cuts of the first login; the next one has the next.',
    wholeNumber,
    1,
  )
  .parse()
  .opts<{ cuts: number; readers: number; seed: number }>();
const { cuts, readers } = options;
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const servers = await startMissingServers();

const totals: Record<string, number> = {};
const folder = temporaryFolder();
try {
  const nodes = await startCutNodes(folder);
  try {
    for (let { seed } = options; (totals.cuts ?? 0) < cuts; seed += 1) {
      const left = Math.min(A_LOGIN, cuts - (totals.cuts ?? 0));
      const user = await nodes.logIn();
      const tally = await huntCuts({ urls: nodes.urls, user, seed, cuts: left }, readers);
      for (const [what, count] of Object.entries(tally)) totals[what] = (totals[what] ?? 0) + count;
      say(`seed ${seed}: ${JSON.stringify(tally)}`);
    }
  } finally {
    await nodes.dispose();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  for (const server of servers) await server.stop();
}
const { lost = 0, twice = 0, wrongTexts = 0, notRecovered = 0 } = totals;
say(JSON.stringify(totals));
if (lost + twice + wrongTexts + notRecovered > 0) process.exitCode = 1;
