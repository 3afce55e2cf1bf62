/**
 * Hunts for multiplexed messages that reach another session than their own. The same look is then taken at Socket.IO,
 * where ids that have leaked are enough, to show that it can find one.
 */
import { huntStraysOnSocketIo } from '../test/support/socketio-strays.ts';
import { huntStrays } from '../test/support/stray-hunt.ts';
import { longRun, wholeNumber } from './long-run.ts';

/** Messages of one world; the next has the next seed. */
const A_WORLD = 100_000;
const ON_SOCKET_IO = 2_000;

const options = longRun(
  'test:strays',
  'Hunts for multiplexed messages that reach another session than their own, and shows on Socket.IO that it can find one.',
)
  .option('--messages <n>', 'How many messages are sent in all.', wholeNumber, 1_000_000)
  .option('--seed <n>', 'What decides the first world; the next one has the next.', wholeNumber, 1)
  .parse()
  .opts<{ messages: number; seed: number }>();
const { messages } = options;
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

let [sent, arrived, strayed, thefts, stolen] = [0, 0, 0, 0, 0];
for (let { seed } = options; sent < messages; seed += 1) {
  const hunt = await huntStrays(seed, Math.min(A_WORLD, messages - sent));
  sent += hunt.sent;
  arrived += hunt.arrived;
  strayed += hunt.strayed;
  thefts += hunt.thefts;
  stolen += hunt.stolen;
  const acts = Object.entries(hunt.acts).map(([act, count]) => `${count} × ${act}`);
  say(`seed ${seed}: ${hunt.sent} sent, ${hunt.arrived} arrived, ${hunt.strayed} strays; ${acts.join(', ')}`);
  for (const stray of hunt.strays) say(`  ${JSON.stringify(stray)}`);
}
say(
  `${sent} messages, ${arrived} arrived, ${strayed} strays; ${thefts} thefts tried, ${stolen} done; the rest was on its way when its session moved or ended`,
);
const there = await huntStraysOnSocketIo(options.seed, ON_SOCKET_IO);
say(`on Socket.IO: ${there.arrived} arrived, ${there.strayed} strays, by ids that leaked`);
if (strayed + stolen > 0 || there.strayed === 0) process.exitCode = 1;
