/**
 * Opens and closes multiplexed sessions, and looks at the heap after full collections:
 * `npm run test:churn -- [--sessions N]`, a million unless told otherwise.
 */
import { parseArgs } from 'node:util';
import { type Churned, churn } from '../test/support/churn.ts';

/** The most that may be left of a million sessions, in bytes. */
const MOST_BYTES = 5 * 2 ** 20;

const { values } = parseArgs({ options: { sessions: { type: 'string', default: '1000000' } } });
const say = ({ opened, grownBytes }: Churned): boolean =>
  process.stdout.write(`${opened} opened and closed, the heap is ${grownBytes} bytes larger\n`);

const churned = await churn(Number(values.sessions), say);
say(churned);
if (churned.grownBytes > MOST_BYTES) process.exitCode = 1;
