/**
 * Runs test files as `npm test` does: `run-suite.ts <folder> [option…]`, until the end of its input stops it. What came
 * of it is the last line.
 */
import { join } from 'node:path';
import { runSuite } from '../../../scripts/suite.ts';

const [folder = '', ...options] = process.argv.slice(2);
const stop = new AbortController();
process.stdin.once('end', () => stop.abort()).resume();
const suite = { name: 'the suite', files: [join(folder, '*.test.cjs')], options };
const outcome = await runSuite(suite, stop.signal, (text) => process.stdout.write(text));
process.stdin.destroy();
process.stdout.write(`${JSON.stringify(outcome)}\n`);
