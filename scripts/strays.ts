/**
 * Hunts for multiplexed messages that reach another session than their own:
 * `npm run test:strays -- [--messages N] [--seed N]`, a million unless told otherwise. The same look is then taken at
 * Socket.IO, where ids that have leaked are enough, to show that it can find one.
 */
import { parseArgs } from 'node:util';
import { huntStraysOnSocketIo } from '../test/support/socketio-strays.ts';
import { huntStrays } from '../test/support/stray-hunt.ts';

/** Messages of one world; the next has the next seed. */
const A_WORLD = 100_000;
const ON_SOCKET_IO = 2_000;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
  },
});
const messages = Number(values.messages);
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

let [sent, arrived, strayed, thefts, stolen] = [0, 0, 0, 0, 0];
for (let seed = Number(values.seed); sent < messages; seed += 1) {
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
const there = await huntStraysOnSocketIo(Number(values.seed), ON_SOCKET_IO);
say(`on Socket.IO: ${there.arrived} arrived, ${there.strayed} strays, by ids that leaked`);
if (strayed + stolen > 0 || there.strayed === 0) process.exitCode = 1;
