import { type Echoed, echoAsFastAsItCan, PAYLOAD_BYTES } from './support/echo-load.ts';
import { startHoldfast } from './support/holdfast-party.ts';
import { type Paced, pace } from './support/paced-load.ts';
import type { Bench, BenchResult, Verdict } from './support/result.ts';
import { alternate, figuresOf, ratioOf } from './support/rounds.ts';

const LAYOUT = { connections: 50, sessions: 20, depth: 2 };
/** Well below what the server can, so that echoes wait for nobody. */
const PACED = { perSecond: 10_000, payloadBytes: PAYLOAD_BYTES, warmUpMs: 500, windowMs: 3_000 };

interface Cost extends Paced {
  readonly fastest: Echoed;
}

async function run(withoutSafeguards: boolean): Promise<Cost> {
  const party = await startHoldfast({ withoutSafeguards });
  try {
    const fastest = await echoAsFastAsItCan(party, LAYOUT);
    const links = [];
    for (let count = 0; count < LAYOUT.connections; count += 1)
      links.push(await party.connect({ sessions: LAYOUT.sessions }));
    return { fastest, ...(await pace(party.pid, links, PACED)) };
  } finally {
    await party.stop();
  }
}

/** What rates, turns, authority and windows cost, by the same server without them. */
export const bench: Bench = {
  name: 'mux-safeguards',
  async run(): Promise<BenchResult> {
    const [ours, without] = ['holdfast', 'holdfast without safeguards'];
    const rounds = await alternate(
      { [ours]: () => run(false), [without]: () => run(true) },
      ({ fastest, p50Ms, p99Ms, cpuMicros }) =>
        `${Math.round(fastest.perSecond)} messages/s, ${fastest.cpuMicros.toFixed(2)} µs; paced p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ${cpuMicros.toFixed(1)} µs`,
    );
    const verdict = (goal: string, ratio: number, met: boolean): Verdict => ({
      goal,
      measured: `${ratio.toFixed(2)} ×`,
      met,
    });
    const rate = ratioOf(rounds, ours, without, ({ fastest }) => fastest.perSecond);
    const cpu = ratioOf(rounds, ours, without, ({ fastest }) => fastest.cpuMicros);
    const p50 = ratioOf(rounds, ours, without, ({ p50Ms }) => p50Ms);
    const p99 = ratioOf(rounds, ours, without, ({ p99Ms }) => p99Ms);
    return {
      name: 'mux-safeguards',
      work: `Messages of ${PAYLOAD_BYTES} bytes are echoed on 50 × 20 sessions, as fast as the server can and at ${PACED.perSecond} a second, with the safeguards of every message and without.`,
      figures: [
        ...figuresOf(rounds, 'echoed', 'messages/s', ({ fastest }) => fastest.perSecond),
        ...figuresOf(rounds, 'CPU of a message', 'µs', ({ fastest }) => fastest.cpuMicros),
        ...figuresOf(rounds, 'paced: p50', 'ms', ({ p50Ms }) => p50Ms),
        ...figuresOf(rounds, 'paced: p99', 'ms', ({ p99Ms }) => p99Ms),
      ],
      verdicts: [
        verdict('at least 0.9 × the messages/s of the server without them', rate, rate >= 0.9),
        verdict('at most 1.1 × its CPU of a message', cpu, cpu <= 1.1),
        verdict('at most 1.1 × its p50', p50, p50 <= 1.1),
        verdict('at most 1.1 × its p99', p99, p99 <= 1.1),
      ],
      notes: [
        'The product has no switch for its safeguards: the bench puts idle functions in the place of token buckets, fair queues, decisions about permissions and credit windows before it starts the server.',
        'Where the time went: texts of invariants that held were put together for each payload and each draw, each reading of the clock was paid for five times a frame, and permissions were looked up twice a message. What is left of the safeguards is two subtractions of tokens, two of windows, two places in the rounds and one comparison of the expiry a message. That is most where a message costs least: on one connection with 100 sessions and ten messages each under way it was 1.46 µs with them and 1.11 without, on a busy machine.',
      ],
    };
  },
};
