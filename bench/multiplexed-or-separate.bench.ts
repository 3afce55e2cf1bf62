import { type Echoed, echoAsFastAsItCan, PAYLOAD_BYTES } from './support/echo-load.ts';
import { startHoldfast } from './support/holdfast-party.ts';
import type { MuxLink } from './support/mux-party.ts';
import { type Paced, pace } from './support/paced-load.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { alternate, figuresOf, ratioOf } from './support/rounds.ts';

const DEPTH = 10;
const PACED = { perSecond: 5_000, payloadBytes: PAYLOAD_BYTES, warmUpMs: 500, windowMs: 3_000 };
const KIB = 1_024;

interface Cost extends Paced {
  readonly fastest: Echoed;
  /** Of all sessions and their connections, in bytes of heap and buffers. */
  readonly bytes: number;
}

async function run(connections: number, sessions: number): Promise<Cost> {
  const party = await startHoldfast();
  try {
    const fastest = await echoAsFastAsItCan(party, { connections, sessions, depth: DEPTH });
    const before = await party.memory();
    const links: MuxLink[] = [];
    while (links.length < connections) links.push(await party.connect({ sessions }));
    const after = await party.memory();
    const bytes = after.heap + after.external - before.heap - before.external;
    return { fastest, bytes, ...(await pace(party.pid, links, PACED)) };
  } finally {
    await party.stop();
  }
}

/** The same hundred sessions on one connection, and on a hundred. */
export const bench: Bench = {
  name: 'multiplexed-or-separate',
  async run(): Promise<BenchResult> {
    const [one, many] = ['1 × 100 sessions', '100 × 1 session'];
    const rounds = await alternate(
      { [one]: () => run(1, 100), [many]: () => run(100, 1) },
      ({ fastest, bytes, p50Ms, p99Ms }) =>
        `${Math.round(fastest.perSecond)} messages/s, ${fastest.cpuMicros.toFixed(1)} µs; p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms; ${Math.round(bytes / KIB)} KiB`,
    );
    const ratio = (pick: (cost: Cost) => number): string => ratioOf(rounds, one, many, pick).toFixed(2);
    return {
      name: 'multiplexed-or-separate',
      work: `A hundred sessions that echo messages of ${PAYLOAD_BYTES} bytes, on one connection and on a hundred: as fast as the server can, with ${DEPTH} messages of each under way, and at ${PACED.perSecond} messages a second.`,
      figures: [
        ...figuresOf(rounds, 'echoed', 'messages/s', ({ fastest }) => fastest.perSecond),
        ...figuresOf(rounds, 'CPU of a message', 'µs', ({ fastest }) => fastest.cpuMicros),
        ...figuresOf(rounds, 'paced: p50', 'ms', ({ p50Ms }) => p50Ms),
        ...figuresOf(rounds, 'paced: p99', 'ms', ({ p99Ms }) => p99Ms),
        ...figuresOf(rounds, 'paced: CPU of a message', 'µs', ({ cpuMicros }) => cpuMicros),
        ...figuresOf(rounds, 'memory of all', 'KiB', ({ bytes }) => bytes / KIB),
      ],
      verdicts: [],
      notes: [
        `One connection with a hundred sessions echoes ${ratio(({ fastest }) => fastest.perSecond)} × the messages a second of a hundred with one each, for ${ratio(({ fastest }) => fastest.cpuMicros)} × the CPU of a message; at the steady rate its p99 is ${ratio(({ p99Ms }) => p99Ms)} ×, and it takes ${ratio(({ bytes }) => bytes)} × the memory.`,
      ],
    };
  },
};
