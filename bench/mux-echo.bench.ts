import { type Echoed, echoAsFastAsItCan, type Layout, PAYLOAD_BYTES } from './support/echo-load.ts';
import { startHoldfast } from './support/holdfast-party.ts';
import type { StartParty } from './support/mux-party.ts';
import { startBareWs, startSocketIo } from './support/peer-parties.ts';
import type { Bench, BenchResult, Verdict } from './support/result.ts';
import { alternate, figuresOf, type Rounds, ratioOf } from './support/rounds.ts';

const LAYOUTS: Readonly<Record<string, Layout>> = {
  '1 × 100 sessions': { connections: 1, sessions: 100, depth: 10 },
  '50 × 20 sessions': { connections: 50, sessions: 20, depth: 2 },
};

/** What a party echoes by each layout. */
type EchoedByLayout = Readonly<Record<string, Echoed>>;

async function run(start: StartParty): Promise<EchoedByLayout> {
  const party = await start();
  try {
    const echoed: Record<string, Echoed> = {};
    for (const [what, layout] of Object.entries(LAYOUTS))
      echoed[what] = await echoAsFastAsItCan(party, layout);
    return echoed;
  } finally {
    await party.stop();
  }
}

const tell = (echoed: EchoedByLayout): string =>
  Object.entries(echoed)
    .map(([what, { perSecond, cpuMicros }]) =>
      [`${what}:`, Math.round(perSecond), `messages/s, ${cpuMicros.toFixed(1)} µs`].join(' '),
    )
    .join('; ');

function verdicts(what: string, rounds: Rounds<EchoedByLayout>): Verdict[] {
  const verdict = (peer: string, least: number): Verdict => {
    const ratio = ratioOf(rounds, 'holdfast', peer, (echoed) => echoed[what]?.perSecond ?? 0);
    const cpu = ratioOf(rounds, 'holdfast', peer, (echoed) => echoed[what]?.cpuMicros ?? 0);
    return {
      goal: `${what}: at least ${least.toFixed(1)} × the messages/s of ${peer}`,
      measured: `${ratio.toFixed(2)} ×, at ${cpu.toFixed(2)} × the CPU of a message`,
      met: ratio >= least,
    };
  };
  return [verdict('bare ws', 1), verdict('Socket.IO', 2)];
}

/** Messages of many sessions there and back, as fast as the server can. */
export const bench: Bench = {
  name: 'mux-echo',
  async run(): Promise<BenchResult> {
    const rounds = await alternate(
      {
        holdfast: () => run(() => startHoldfast()),
        'holdfast, in batches': () => run(() => startHoldfast({ batch: true })),
        'bare ws': () => run(startBareWs),
        'Socket.IO': () => run(startSocketIo),
      },
      tell,
    );
    const layouts = Object.keys(LAYOUTS);
    return {
      name: 'mux-echo',
      work: `Messages of ${PAYLOAD_BYTES} bytes are echoed, 1,000 or 2,000 of them under way at any time. A session is a session of Holdfast, a namespace of Socket.IO, and nothing to bare \`ws\`, which echoes whatever comes.`,
      figures: layouts.flatMap((what) => [
        ...figuresOf(rounds, `${what}: echoed`, 'messages/s', (echoed) => echoed[what]?.perSecond ?? 0),
        ...figuresOf(rounds, `${what}: CPU of a message`, 'µs', (echoed) => echoed[what]?.cpuMicros ?? 0),
      ]),
      verdicts: layouts.flatMap((what) => verdicts(what, rounds)),
      notes: [
        'Holdfast sends each message in a WebSocket message of its own, as its peers do, and has all safeguards on: rates, turns, authority, windows. In batches many messages share one, as its second subprotocol has it; no goal looks at that.',
        'The load generator writes prepared bytes to bare sockets, a round of all sessions at once, and reads no more than lengths and types. Ratios are medians of the ratios of the rounds; where the machine is busy with other work, the CPU of a message tells more than the rate.',
      ],
    };
  },
};
