/** Opens and closes multiplexed sessions, and looks at the heap after full collections. */
import { type Churned, churn } from '../test/support/churn.ts';
import { longRun, wholeNumber } from './long-run.ts';

/** The most that may be left of a million sessions, in bytes. */
const MOST_BYTES = 5 * 2 ** 20;

const { sessions } = longRun(
  'test:churn',
  'Opens and closes multiplexed sessions, and looks at how much larger the heap is after full collections.',
)
  .option('--sessions <n>', 'How many.', wholeNumber, 1_000_000)
  .parse()
  .opts<{ sessions: number }>();
const say = ({ opened, grownBytes }: Churned): boolean =>
  process.stdout.write(`${opened} opened and closed, the heap is ${grownBytes} bytes larger\n`);

const churned = await churn(sessions, say);
say(churned);
if (churned.grownBytes > MOST_BYTES) process.exitCode = 1;
