import { PAYLOAD_BYTES } from './support/echo-load.ts';
import { startHoldfast } from './support/holdfast-party.ts';
import type { MuxLink } from './support/mux-party.ts';
import { type Paced, pace } from './support/paced-load.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { alternate, figuresOf } from './support/rounds.ts';
import { median } from './support/statistics.ts';

const SESSIONS_A_CONNECTION = 100;
/** Principals, each within what one may have: 2,000 sessions on 20 connections. */
const PRINCIPALS = 50;
/** How many sessions are open when it is measured; the first are on one connection that is not full. */
const SIZES = [10, 100, 1_000, 10_000, 100_000];
const LOAD = { perSecond: 10_000, payloadBytes: PAYLOAD_BYTES, warmUpMs: 1_500, windowMs: 4_000 };
/** Connections that open their sessions at the same time. */
const AT_ONCE = 10;

type BySize = Readonly<Record<number, Paced>>;

async function run(): Promise<BySize> {
  const party = await startHoldfast({ principals: PRINCIPALS });
  try {
    const measured: Record<number, Paced> = {};
    const links: MuxLink[] = [];
    const [smallest = 0] = SIZES;
    const small = await party.connect({ sessions: smallest });
    measured[smallest] = await pace(party.pid, [small], LOAD);
    small.socket.close();
    for (const size of SIZES.slice(1)) {
      while (links.length * SESSIONS_A_CONNECTION < size) {
        const more = Math.min(AT_ONCE, size / SESSIONS_A_CONNECTION - links.length);
        const opening = Array.from({ length: more }, (_, number) =>
          party.connect({
            sessions: SESSIONS_A_CONNECTION,
            principal: (links.length + number) % PRINCIPALS,
          }),
        );
        links.push(...(await Promise.all(opening)));
      }
      measured[size] = await pace(party.pid, links, LOAD);
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
      work: `10 to 100,000 sessions on one node, 100 of them on a connection, and ${LOAD.perSecond} messages of ${PAYLOAD_BYTES} bytes a second over all of them.`,
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
        'With more sessions there are more sockets, and fewer messages come together on each: a message then has a read and a write of its own, which is most of what it costs.',
      ],
    };
  },
};
