import { OUTBOUND_QUEUE_BYTES } from '../src/adapters/inbound/ws/mux/mux-limits.ts';
import { MIN_WINDOW_BYTES } from '../src/domain/multiplexing/credit-window.ts';
import { PAYLOAD_BYTES } from './support/echo-load.ts';
import { startHoldfast } from './support/holdfast-party.ts';
import type { MuxLink, StartParty } from './support/mux-party.ts';
import { PacedLoad } from './support/paced-load.ts';
import { startSocketIo } from './support/peer-parties.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { alternate, figuresOf } from './support/rounds.ts';
import { elapse } from './support/sse-load.ts';
import { median, percentile } from './support/statistics.ts';

/** What the server has for the session that is not read, in messages of 1 KiB. */
const QUEUED = 200_000;
const SIBLINGS = 19;
const PER_SECOND = 2_000;
const WARM_UP_MS = 1_000;
const WINDOW_MS = 3_000;
const MIB = 2 ** 20;
/** What may come on top of the session's cap, in bytes. */
const ALLOWANCE_BYTES = 2 * MIB;

interface Stalled {
  /** Of heap and buffers, after full collections. */
  readonly grownBytes: number;
  readonly p99BeforeMs: number;
  readonly p99Ms: number;
}

/**
 * One session is not read, its siblings are. `stopReading`: what a client without windows has to do for that, and what
 * it does when it reads again.
 */
async function run(
  start: StartParty,
  stopReading: (link: MuxLink) => () => void = () => () => undefined,
): Promise<Stalled> {
  const party = await start();
  try {
    const link = await party.connect({
      sessions: 1 + SIBLINGS,
      sources: [0],
      sourceWindow: MIN_WINDOW_BYTES,
    });
    const sessions = Array.from({ length: SIBLINGS }, (_, number) => 1 + number);
    const paced = new PacedLoad([link], { perSecond: PER_SECOND, payloadBytes: PAYLOAD_BYTES, sessions });
    link.onEcho((session, bytes, at) => {
      if (session !== 0) paced.take(bytes, at);
    });
    paced.start();
    await elapse(WARM_UP_MS);
    const { heap, external } = await party.memory();
    paced.forget();
    await elapse(WINDOW_MS);
    const p99BeforeMs = percentile(paced.tookMs(), 99);
    const readAgain = stopReading(link);
    link.socket.write(link.source(0, QUEUED));
    await elapse(WARM_UP_MS);
    paced.forget();
    await elapse(WINDOW_MS);
    const p99Ms = percentile(paced.tookMs(), 99);
    paced.stop();
    const after = await party.memory();
    readAgain();
    return { grownBytes: after.heap + after.external - heap - external, p99BeforeMs, p99Ms };
  } finally {
    await party.stop();
  }
}

/** What a session that nobody reads costs the server and its siblings. */
export const bench: Bench = {
  name: 'mux-stall',
  async run(): Promise<BenchResult> {
    const pause = ({ socket: { socket } }: MuxLink): (() => void) => {
      socket.pause();
      return () => socket.resume();
    };
    const rounds = await alternate(
      { holdfast: () => run(() => startHoldfast()), 'Socket.IO': () => run(startSocketIo, pause) },
      ({ grownBytes, p99BeforeMs, p99Ms }) =>
        `${(grownBytes / MIB).toFixed(2)} MiB; siblings p99 ${p99BeforeMs.toFixed(1)} ms before, ${p99Ms.toFixed(1)} ms then`,
    );
    const ours = rounds.holdfast ?? [];
    const grown = Math.max(...ours.map(({ grownBytes }) => grownBytes));
    const ratio = median(ours.map(({ p99Ms, p99BeforeMs }) => p99Ms / p99BeforeMs));
    const cap = OUTBOUND_QUEUE_BYTES + ALLOWANCE_BYTES;
    return {
      name: 'mux-stall',
      work: `The server has ${QUEUED} messages of 1 KiB for a session that nobody reads; ${SIBLINGS} others on the same connection go on, ${PER_SECOND} messages of ${PAYLOAD_BYTES} bytes a second together.`,
      figures: [
        ...figuresOf(rounds, 'memory that it takes', 'MiB', ({ grownBytes }) => grownBytes / MIB),
        ...figuresOf(rounds, 'siblings p99 before', 'ms', ({ p99BeforeMs }) => p99BeforeMs),
        ...figuresOf(rounds, 'siblings p99 then', 'ms', ({ p99Ms }) => p99Ms),
      ],
      verdicts: [
        {
          goal: `memory grows by at most the session's cap (${OUTBOUND_QUEUE_BYTES / MIB} MiB) and 2 MiB`,
          measured: `${(grown / MIB).toFixed(2)} MiB in the worst round`,
          met: grown <= cap,
        },
        {
          goal: 'siblings p99 at most 1.2 × what it was before',
          measured: `${ratio.toFixed(2)} ×`,
          met: ratio <= 1.2,
        },
      ],
      notes: [
        'A client of Socket.IO cannot leave one namespace unread: it stops reading the connection, which its siblings wait for, and the server keeps all that was emitted. A client of Holdfast grants the session nothing more and reads on.',
      ],
    };
  },
};
