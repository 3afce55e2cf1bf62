import { PAYLOAD_BYTES } from './support/echo-load.ts';
import { startHoldfast } from './support/holdfast-party.ts';
import type { MuxLink, MuxParty } from './support/mux-party.ts';
import { type Paced, pace } from './support/paced-load.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { alternate, figuresOf } from './support/rounds.ts';
import { median } from './support/statistics.ts';

/** Connections, each of a principal of its own, within the 4,000 sessions that one may have. */
const CONNECTIONS = 50;
/** How many sessions are open when it is measured; the first are on fewer connections. */
const SIZES = [10, 100, 1_000, 10_000, 100_000];
const LOAD = { perSecond: 10_000, payloadBytes: PAYLOAD_BYTES, warmUpMs: 1_000, windowMs: 2_500 };
/** Connections that open their sessions at the same time. */
const AT_ONCE = 10;

type BySize = Readonly<Record<number, Paced>>;

async function connectAll(party: MuxParty, size: number): Promise<MuxLink[]> {
  const links: MuxLink[] = [];
  const connections = Math.min(CONNECTIONS, size);
  while (links.length < connections) {
    const opening = Array.from({ length: Math.min(AT_ONCE, connections - links.length) }, (_, number) =>
      party.connect({ sessions: size / connections, principal: links.length + number }),
    );
    links.push(...(await Promise.all(opening)));
  }
  return links;
}

async function run(): Promise<BySize> {
  const maxSessionsPerConnection = Math.max(...SIZES) / CONNECTIONS;
  const party = await startHoldfast({ principals: CONNECTIONS, maxSessionsPerConnection });
  try {
    const measured: Record<number, Paced> = {};
    for (const size of SIZES) {
      const links = await connectAll(party, size);
      measured[size] = await pace(party.pid, links, LOAD);
      for (const { socket } of links) socket.close();
    }
    return measured;
  } finally {
    await party.stop();
  }
}

/** Ever more sessions on one node, and the same number of messages. */
export const bench: Bench = {
  name: 'mux-scale',
  async run(): Promise<BenchResult> {
    const rounds = await alternate({ holdfast: run }, (measured) =>
      Object.entries(measured)
        .map(([size, { cpuMicros, p99Ms }]) => `${size}: ${cpuMicros.toFixed(1)} µs, ${p99Ms.toFixed(1)} ms`)
        .join('; '),
    );
    const micros = (measured: BySize, size: number): number => measured[size]?.cpuMicros ?? Number.NaN;
    const ratio = median(
      (rounds.holdfast ?? []).map((measured) => micros(measured, 100_000) / micros(measured, 100)),
    );
    return {
      name: 'mux-scale',
      work: `10 to 100,000 sessions on one node, on ${CONNECTIONS} connections, and ${LOAD.perSecond} messages of ${PAYLOAD_BYTES} bytes a second over all of them.`,
      figures: SIZES.flatMap((size) => [
        ...figuresOf(rounds, `${size} sessions: CPU of a message`, 'µs', (measured) =>
          micros(measured, size),
        ),
        ...figuresOf(
          rounds,
          `${size} sessions: p99`,
          'ms',
          (measured) => measured[size]?.p99Ms ?? Number.NaN,
        ),
      ]),
      verdicts: [
        {
          goal: 'CPU of a message with 100,000 sessions at most 1.2 × that with 100',
          measured: `${ratio.toFixed(2)} ×`,
          met: ratio <= 1.2,
        },
      ],
      notes: [
        'The number of connections stays the same from 100 sessions on, so that as many messages come together on each, and what a session costs is all that changes.',
      ],
    };
  },
};
