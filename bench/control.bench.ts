import { AgentLoad, type Judged, type Steady } from './support/agent-load.ts';
import { type ControlParty, startBareControl, startHoldfastControl } from './support/control-party.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { alternate, figuresOf, ratioOf } from './support/rounds.ts';
import { median } from './support/statistics.ts';

const AGENTS = 40;
/** Profiles that these agents are of. */
const KEYS = 10;
/** Events of each agent that are under way at the same time. */
const DEPTH = 10;
/** Before anything is measured each server judges so many events a second for two windows, as one that has been at work. */
const WARM_UP_PER_SECOND = 1_000;
/** Goals: the share of the peer's rate, and the latency at half of the server's own, in milliseconds. */
const LEAST_SHARE = 0.5;
const MOST_P99_MS = 10;

interface Control {
  readonly saturated: Judged;
  readonly half: Steady;
}

async function run(start: () => Promise<ControlParty>): Promise<Control> {
  const party = await start();
  try {
    const load = await AgentLoad.logIn(party, AGENTS);
    await load.at(WARM_UP_PER_SECOND);
    await load.at(WARM_UP_PER_SECOND);
    const saturated = await load.asFastAsItCan(DEPTH);
    const half = await load.at(saturated.perSecond / 2);
    load.close();
    return { saturated, half };
  } finally {
    await party.stop();
  }
}

const tell = ({ saturated, half }: Control): string =>
  `${Math.round(saturated.perSecond)} verdicts/s, ${saturated.cpuMicros.toFixed(1)} µs; at half of it ${half.p50Ms.toFixed(1)} and ${half.p99Ms.toFixed(1)} ms`;

/** What judging agents' events takes. */
export const bench: Bench = {
  name: 'control',
  async run(): Promise<BenchResult> {
    const rounds = await alternate(
      { holdfast: () => run(() => startHoldfastControl(KEYS)), 'bare ws': () => run(startBareControl) },
      tell,
    );
    const share = ratioOf(rounds, 'holdfast', 'bare ws', ({ saturated }) => saturated.perSecond);
    const cpu = ratioOf(rounds, 'holdfast', 'bare ws', ({ saturated }) => saturated.cpuMicros);
    const p99Ms = median((rounds.holdfast ?? []).map(({ half }) => half.p99Ms));
    return {
      name: 'control',
      work: `${AGENTS} agents of ${KEYS} profiles report what they do, ${AGENTS * DEPTH} events under way at any time, and then at half of the rate that came of it. The policy blocks: every event is answered. Of five events two are a model's that asks for a harmless tool, two a tool's, and one asks for a dangerous command.`,
      figures: [
        ...figuresOf(rounds, 'verdicts', 'verdicts/s', ({ saturated }) => saturated.perSecond),
        ...figuresOf(rounds, 'CPU of a verdict', 'µs', ({ saturated }) => saturated.cpuMicros),
        ...figuresOf(rounds, 'at half of its rate: p50', 'ms', ({ half }) => half.p50Ms),
        ...figuresOf(rounds, 'at half of its rate: p99', 'ms', ({ half }) => half.p99Ms),
      ],
      verdicts: [
        {
          goal: `at least ${LEAST_SHARE} × the verdicts/s of bare ws`,
          measured: `${share.toFixed(3)} ×, at ${cpu.toFixed(1)} × the CPU of a verdict`,
          met: share >= LEAST_SHARE,
        },
        {
          goal: `p99 at most ${MOST_P99_MS} ms at half of the greatest rate`,
          measured: `${p99Ms.toFixed(1)} ms`,
          met: p99Ms <= MOST_P99_MS,
        },
      ],
      notes: [
        'Holdfast judges each event by the rules that come with it, and stores event and verdict durably before it sends anything; each verdict is known to have come by a pong, which is stored too. The peer reads the event by the same schema and library, and answers the same verdict to everything: it judges, stores and confirms nothing.',
        'Before anything is measured both servers judge 1,000 events a second for ten seconds. A server that is flooded as the first thing after its start has a p99 of some 30 ms at half load for good: its code is compiled under the flood, V8 learns that events survive, makes part of them among old objects, and what is garbage there holds the rest, so that two collections a second stop the main thread for 14 to 26 ms (ADR 48). Of one that was at work before they take 1 to 5 ms.',
        'Where a verdict’s CPU goes at half load, by samples of both threads every 0.2 ms: a half is the main thread (a quarter of that the rules, a fifth writing to sockets, a quarter what follows the store’s answers), a half the thread that writes and the checkpoints. Of the latter two fifths are commits (frames of the log and fsync in equal parts), a quarter the events’ rows, a twelfth the marks that verdicts have come, a fourteenth the checkpoints’ own. The core is nine tenths busy: commits are many and small, and what they share under a flood is each event’s own. Every checkpoint (one in 50 to 70 ms) is a third load on that core, and what comes meanwhile waits for 8 to 12 ms, and longer once a backlog has formed on a core so busy: single rounds of one day had a p99 of 8 to 14 ms, and two whole runs of five had 16 to 73.',
        'What was done: events are sorted into the lists of the API 500 at once instead of having a place in an index each (ADR 49: of the thread that writes, alone on a disk of memory, at 3 events a transaction, 63 to 67 µs an event instead of 79 to 84, and 6.5 pages of its log instead of 10); a cache of 8 MiB instead of 32, all of which SQLite looks through at the end of a transaction that split a page (a fifteenth of that thread’s time). Tried without gain at the p99: a rest of 2 to 6 ms between commits (140 to 200 µs a verdict, but each waits longer), checkpoints four and thirty times as far apart (a sixth more verdicts a second under a flood, and longer stops: 15 to 30 ms), twice as often, and at the lowest priority of the machine, young spaces of 8 and 16 MiB. Tried again since, and left out: a table that events are only appended to, with rows and indexes made of it 64 and 256 at once (up to 1.8 times the verdicts a second in one run, 0.95 in another, and the same p99), no savepoint for each operation (a twentieth), 48 marks and 100 listings at a time instead of 500 (nothing). Before that: rows that do not grow when they are marked, JSON between the threads instead of structured clones, pings 50 ms apart, a larger space for young objects, collecting with one thread; one machine for all patterns was slower for hostile texts by seconds.',
        'The p99 is not the disk’s: with the store in memory and no checkpoint at all it was 10 to 35 ms by rounds. An event that comes alone costs more than one of many: 980 µs of the processor at 500 a second, 630 at 1,000, 408 at 2,000, 280 at 3,000, 234 at 4,000 and 128 under a flood, where the bare server’s costs 100, 55, 42, 38, 35 and 18. So half of the greatest rate is nine tenths of the core. Up to 1,000 a second the p99 was 7 ms.',
        'Storing alone takes three times what the peer takes for everything: half of the peer’s rate is out of reach for whoever stores each event, with what it is found by, before he tells its verdict.',
        'The load generator writes messages that were made and masked beforehand but for their numbers, and reads no more of a verdict than its number. An event comes as SDKs send it: in a message of its own, of about a kilobyte.',
      ],
    };
  },
};
