/** Kills the server under load as often as asked: `npm run test:crash -- --points 200`. */
import { parseArgs } from 'node:util';
import { runCrashes } from '../test/crash/crash-run.ts';

const { values } = parseArgs({ options: { points: { type: 'string', default: '20' } } });
const points = Number(values.points);
if (!Number.isSafeInteger(points) || points < 1) {
  process.stderr.write('--points takes a whole number of at least 1\n');
  process.exit(2);
}
const report = await runCrashes(points, Math.random, (line) => process.stdout.write(`${line}\n`));
process.stdout.write(`${JSON.stringify(report)}\n${points} passed, 0 failed\n`);
