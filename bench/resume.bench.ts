import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchServer } from './support/bench-server.ts';
import { firstMessage, SERVER_CORE, spawnPinned, stop } from './support/process.ts';
import type { Bench, BenchResult, Figure } from './support/result.ts';
import {
  type Connection,
  type CutTally,
  OffsetCheck,
  openSse,
  SocketIoSession,
} from './support/resuming-readers.ts';
import { elapse } from './support/sse-load.ts';
import { median, percentile } from './support/statistics.ts';

const ROUNDS = 5;
/** Cuts of one round of one party; five rounds make 10,000. */
const CUTS_A_ROUND = 2_000;
/** The first cuts of a round count as cuts, but not as times: a server that has just started compiles its code. */
const WARM_UP_CUTS = 500;
const STREAMS = 100;
const TOKENS_PER_SECOND = 50;
/** Longest time a reader stays connected or away, in milliseconds. */
const LONGEST_MS = 300;

const newTally = (): CutTally => ({ cuts: 0, lost: 0, twice: 0, replayMs: [] });

/** Cuts one connection after another, until the round's cuts are used up. */
async function cutAgainAndAgain(
  tally: CutTally,
  check: OffsetCheck,
  open: () => Connection,
  ended: () => boolean,
): Promise<void> {
  let connection = open();
  while (tally.cuts < CUTS_A_ROUND && !ended()) {
    await elapse(Math.random() * LONGEST_MS);
    connection.cut();
    tally.cuts += 1;
    const before = check.last;
    const awayMs = Math.random() * LONGEST_MS;
    await elapse(awayMs);
    if (ended()) return;
    connection = open();
    // Only a reader that was away for several tokens has surely missed one.
    if (awayMs < 3_000 / TOKENS_PER_SECOND) continue;
    const ms = await Promise.race([connection.firstEventMs, elapse(2_000).then(() => Number.NaN)]);
    if (check.last > before && !Number.isNaN(ms) && tally.cuts > WARM_UP_CUTS) tally.replayMs.push(ms);
  }
  connection.cut();
}

async function roundOfSocketIo(): Promise<CutTally> {
  const server = spawnPinned(SERVER_CORE, process.execPath, [
    'bench/peers/socketio-recovery.ts',
    String(TOKENS_PER_SECOND),
  ]);
  const { port } = await firstMessage<{ port: number }>(server);
  const tally = newTally();
  const reader = async (): Promise<void> => {
    const check = new OffsetCheck(tally);
    const session = new SocketIoSession(port, check);
    await cutAgainAndAgain(
      tally,
      check,
      () => session.open(),
      () => false,
    );
  };
  await Promise.all(Array.from({ length: STREAMS }, reader));
  await stop(server);
  return tally;
}

async function roundOfHoldfast(): Promise<CutTally> {
  const data = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const server = await BenchServer.start(data, ['--model-pace', String(TOKENS_PER_SECOND)]);
  const tally = newTally();
  // All streams run before the first cut, as they do on the other side; starting them is another bench's work.
  const start = async (index: number): Promise<string> => {
    const chat = await server.createChat(index);
    await server.startUnread(index, chat);
    return chat;
  };
  const chats = await Promise.all(Array.from({ length: STREAMS }, (_, index) => start(index)));
  const reader = async (chat: string, index: number): Promise<void> => {
    let over = false;
    const check = new OffsetCheck(tally);
    const end = (): void => {
      over = true;
    };
    const open = (): Connection =>
      openSse(server.port, server.resumeRequest(index, chat, check.last), check, end);
    await cutAgainAndAgain(tally, check, open, () => over);
  };
  await Promise.all(chats.map(reader));
  await server.stop();
  rmSync(data, { recursive: true, force: true });
  return tally;
}

function figures(who: string, rounds: readonly CutTally[]): Figure[] {
  const figure = (what: string, unit: string, pick: (tally: CutTally) => number): Figure => {
    const values = rounds.map(pick);
    return { who, what, unit, median: median(values), rounds: values };
  };
  return [
    figure('replay p50', 'ms', ({ replayMs }) => percentile(replayMs, 50)),
    figure('replay p99', 'ms', ({ replayMs }) => percentile(replayMs, 99)),
    figure('lost', 'events', ({ lost }) => lost),
    figure('twice', 'events', ({ twice }) => twice),
  ];
}

/** Readers whose connections are cut at random points and come back. */
export const bench: Bench = {
  name: 'resume',
  async run(): Promise<BenchResult> {
    const ours: CutTally[] = [];
    const theirs: CutTally[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      ours.push(await roundOfHoldfast());
      theirs.push(await roundOfSocketIo());
    }
    const p99 = (rounds: readonly CutTally[]): number =>
      median(rounds.map(({ replayMs }) => percentile(replayMs, 99)));
    const sum = (pick: (tally: CutTally) => number): number =>
      ours.reduce((total, tally) => total + pick(tally), 0);
    const ratio = p99(ours) / p99(theirs);
    const wrong = sum(({ lost }) => lost) + sum(({ twice }) => twice);
    return {
      name: 'resume',
      work: `${STREAMS} streams of ${TOKENS_PER_SECOND} tokens/s, readers cut at random points, ${ROUNDS * CUTS_A_ROUND} cuts. Replay is the time from the reconnect to the first event that was missed.`,
      figures: [...figures('holdfast', ours), ...figures('Socket.IO', theirs)],
      verdicts: [
        {
          goal: '0 events lost, 0 twice',
          measured: `${wrong} of ${sum(({ cuts }) => cuts)} cuts`,
          met: wrong === 0,
        },
        {
          goal: 'replay p99 at most 0.5 × that of Socket.IO',
          measured: `${ratio.toFixed(2)} ×`,
          met: ratio <= 0.5,
        },
      ],
      notes: [
        'Holdfast runs its real command with all safeguards and a durable log; each resume carries and checks a credential. Socket.IO keeps its packets in memory and checks nothing. Both servers have one core.',
      ],
    };
  },
};
