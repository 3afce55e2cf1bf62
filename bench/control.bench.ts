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
        'The load generator writes messages that were made and masked beforehand but for their numbers, and reads no more of a verdict than its number. An event comes as SDKs send it: in a message of its own, of about a kilobyte.',
      ],
    };
  },
};
