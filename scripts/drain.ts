/** Opens multiplexed sessions on one of two nodes, tells it to stop, and takes each session back at the other. */
import { rmSync } from 'node:fs';
import { drainNode } from '../test/support/drained-node.ts';
import { temporaryFolder } from '../test/support/running-server.ts';
import { longRun, wholeNumber } from './long-run.ts';
import { startMissingServers } from './services/missing-servers.ts';

/** The longest that the end of the process may take: the grace of a node, what sessions have beyond it, and a little more, in milliseconds. */
const GONE_WITHIN_MS = 20_000 + 7_000 + 3_000;

const options = longRun(
  'test:drain',
  'Opens multiplexed sessions on one of two nodes, tells it to stop, and takes each session back at the other.',
)
  .option('--sessions <n>', 'How many.', wholeNumber, 20_000)
  .parse()
  .opts<{ sessions: number }>();
const servers = await startMissingServers();

const folder = temporaryFolder();
try {
  const drained = await drainNode(folder, options.sessions, (text) => process.stdout.write(`${text}\n`));
  process.stdout.write(`${JSON.stringify(drained, undefined, 2)}\n`);
  const { sessions, exitCode, complaints, told, connections, stillHeld, resumed, tookMs } = drained;
  const isRight =
    exitCode === 0 &&
    complaints.length === 0 &&
    told === connections &&
    stillHeld === 0 &&
    resumed === sessions &&
    tookMs < GONE_WITHIN_MS;
  if (!isRight) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
  for (const server of servers) await server.stop();
}
