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
        'Where a verdict’s CPU goes, of 133 µs that the kernel counted by thread under a flood, beside a peer of 13: 64 the main thread, 42 the thread that writes, 22 the collector and the compiler of V8, 5 checkpoints. From a message that has been read to the frame of its verdict, without sockets, store and collector, it takes the main thread 32 µs, of which the rules are the largest part. In SQLite without a disk 25 for the event’s two rows and its indexes, 8 for the mark that it has come, 10 for its share of a commit of 500. At half load a verdict takes 235 to 250 µs (115 to 125 the main thread, 100 the one that writes, 12 checkpoints), and the core is nine tenths busy: commits are many and small there, and what they share under a flood is each event’s own: a sync, a page of most indexes, and a change of threads on the one core.',
        'So storing alone takes three times what the peer takes for everything: half of the peer’s rate is out of reach for whoever stores each event, with what it is found by, before he tells its verdict. Tried without gain: rows that do not grow when they are marked, JSON between the threads instead of structured clones (2.8 µs against 2.1), a rest of 2 to 8 ms between commits (205 µs, and later answers), checkpoints four times as far apart, pings 50 ms apart, a larger space for young objects, collecting with one thread. Each of the indexes for lists takes about 2 µs, and each is what a list of the API is read by. One machine for all patterns was slower for hostile texts by seconds.',
        'At half load an event waits for the commit under way and for its own, each with a sync of the disk, and for the collector: two collections of young objects a second stop the main thread for 14 to 26 ms. A flood teaches V8 that events survive; it makes part of them among old objects from then on, and what is garbage there holds the rest until all of the memory is collected. With that turned off (--no-allocation-site-pretenuring) a collection takes 1.4 to 5 ms and the p99 was 11 and 15 ms in two runs of five rounds, 6.5 to 9 ms with the store on a disk of memory; sessions of the multiplexer pay for it, so it is not set (ADR 48). The measurement begins 4 s after the flood: before that, its log is still being moved.',
        'The load generator writes messages that were made and masked beforehand but for their numbers, and reads no more of a verdict than its number. An event comes as SDKs send it: in a message of its own, of about a kilobyte.',
      ],
    };
  },
};
