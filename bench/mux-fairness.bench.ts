import { DEFAULT_WINDOW_BYTES } from '../src/domain/multiplexing/credit-window.ts';
import { PAYLOAD_BYTES } from './support/echo-load.ts';
import { Flood } from './support/flood.ts';
import { ENOUGH_BYTES, startHoldfast } from './support/holdfast-party.ts';
import type { StartParty } from './support/mux-party.ts';
import { PacedLoad } from './support/paced-load.ts';
import { startSocketIo } from './support/peer-parties.ts';
import { coreWaitMs } from './support/process.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { alternate, figuresOf, ratioOf } from './support/rounds.ts';
import { elapse } from './support/sse-load.ts';
import { median, percentile } from './support/statistics.ts';

const FLOOD_BYTES = 1_024;
/** Quiet sessions beside the one that floods, and what each sends a second. */
const QUIET = 10;
const QUIET_PER_SECOND = 10;
const WEIGHTS = [10, 20, 40];
/** What the server has to send on its own on a session that floods, and again when it has been sent, in messages. */
const ASKED = 50_000;
/** More than a round can send. */
const ENDLESS = 100_000_000;
const WARM_UP_MS = 1_000;
const WINDOW_MS = 5_000;
/** How far a share may be from what its weight says. */
const SHARE_TOLERANCE = 0.05;

interface Quiet {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly floodPerSecond: number;
  /** How long a second the main thread of the server, and that of the load generator, were ready and had no core. */
  readonly serverWaitsMs: number;
  readonly loadWaitsMs: number;
}

/** The session on which the client floods, and the one on which the server does. */
const [IN, OUT] = [0, 1];

/** A connection is flooded both ways, or is not, and other sessions send a little. */
async function besideAFlood(start: StartParty, isFlooded = true): Promise<Quiet> {
  const party = await start();
  try {
    const link = await party.connect({
      sessions: 2 + QUIET,
      sources: [OUT],
      window: DEFAULT_WINDOW_BYTES,
    });
    const flood = new Flood(link, [IN], FLOOD_BYTES, DEFAULT_WINDOW_BYTES);
    const sessions = Array.from({ length: QUIET }, (_, number) => 2 + number);
    const load = { perSecond: QUIET * QUIET_PER_SECOND, payloadBytes: PAYLOAD_BYTES, sessions };
    const quiet = new PacedLoad([link], load);
    link.onEcho((session, bytes, at, length) => {
      if (session === IN || session === OUT) flood.take(session, length);
      else quiet.take(bytes, at);
    });
    if (isFlooded) {
      flood.start();
      flood.ask(OUT, ASKED);
    }
    quiet.start();
    await elapse(WARM_UP_MS);
    quiet.forget();
    const taken = (): number => flood.takenBytes.reduce((sum, bytes) => sum + bytes, 0);
    const before = taken();
    const waits = [coreWaitMs(party.pid), coreWaitMs(process.pid)] as const;
    await elapse(WINDOW_MS);
    const perSecond = (ms: number): number => (ms * 1000) / WINDOW_MS;
    const flooded = (taken() - before) / FLOOD_BYTES;
    const tookMs = quiet.tookMs();
    quiet.stop();
    flood.stop();
    return {
      p50Ms: percentile(tookMs, 50),
      p99Ms: percentile(tookMs, 99),
      floodPerSecond: perSecond(flooded),
      serverWaitsMs: perSecond(coreWaitMs(party.pid) - waits[0]),
      loadWaitsMs: perSecond(coreWaitMs(process.pid) - waits[1]),
    };
  } finally {
    await party.stop();
  }
}

interface Shares {
  /** How far the share that is farthest off is from what its weight says, as a part of it. */
  readonly worst: number;
  /** Jain's index of the shares by weight: 1 when all get what is theirs. */
  readonly jain: number;
}

/** The server floods all sessions, with different weights. */
async function byWeights(): Promise<Shares> {
  const party = await startHoldfast({ weight: 100 });
  try {
    const sources = [...WEIGHTS.keys()];
    const link = await party.connect({ sessions: WEIGHTS.length, weights: WEIGHTS, sources });
    // Granted again, since the fastest of them takes more than the largest window while it is measured.
    const flood = new Flood(link, [], FLOOD_BYTES, ENOUGH_BYTES);
    link.onEcho((session, _bytes, _at, length) => flood.take(session, length));
    for (const session of sources) flood.ask(session, ENDLESS);
    await elapse(WARM_UP_MS);
    const before = [...flood.takenBytes];
    await elapse(WINDOW_MS);
    const byWeight = flood.takenBytes.map(
      (bytes, session) => (bytes - (before[session] ?? 0)) / (WEIGHTS[session] ?? 1),
    );
    flood.stop();
    const sum = byWeight.reduce((total, share) => total + share, 0);
    const squares = byWeight.reduce((total, share) => total + share * share, 0);
    const bytes = byWeight.reduce((total, share, session) => total + share * (WEIGHTS[session] ?? 1), 0);
    const due = bytes / WEIGHTS.reduce((total, weight) => total + weight, 0);
    return {
      worst: Math.max(...byWeight.map((share) => Math.abs(share / due - 1))),
      jain: (sum * sum) / (byWeight.length * squares),
    };
  } finally {
    await party.stop();
  }
}

/** What a flooding session does to quiet ones, and how sessions share a connection that all of them flood. */
export const bench: Bench = {
  name: 'mux-fairness',
  async run(): Promise<BenchResult> {
    const rounds = await alternate(
      {
        holdfast: () => besideAFlood(() => startHoldfast()),
        'Socket.IO': () => besideAFlood(startSocketIo),
        'holdfast without a flood': () => besideAFlood(() => startHoldfast(), false),
      },
      ({ p50Ms, p99Ms, floodPerSecond, serverWaitsMs, loadWaitsMs }) =>
        `quiet p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms beside ${Math.round(floodPerSecond)} messages/s; waited for a core: server ${serverWaitsMs.toFixed(0)}, load ${loadWaitsMs.toFixed(0)} ms/s`,
    );
    const shares = await alternate(
      { holdfast: byWeights },
      ({ worst, jain }) =>
        `weights: worst share ${(worst * 100).toFixed(1)} % off, Jain's index ${jain.toFixed(4)}`,
    );
    const p99 = median((rounds.holdfast ?? []).map(({ p99Ms }) => p99Ms));
    const ratio = ratioOf(rounds, 'holdfast', 'Socket.IO', ({ p99Ms }) => p99Ms);
    const worst = median((shares.holdfast ?? []).map((share) => share.worst));
    const jain = median((shares.holdfast ?? []).map((share) => share.jain));
    return {
      name: 'mux-fairness',
      work: `On a connection one session sends messages of ${FLOOD_BYTES} bytes as hard as it can, and all come back; the server has ${ASKED} messages for another, again and again; ${QUIET} more send ${QUIET_PER_SECOND} messages of ${PAYLOAD_BYTES} bytes a second each. Then the server floods three sessions of weights 1, 2 and 4.`,
      figures: [
        ...figuresOf(rounds, 'quiet p50', 'ms', ({ p50Ms }) => p50Ms),
        ...figuresOf(rounds, 'quiet p99', 'ms', ({ p99Ms }) => p99Ms),
        ...figuresOf(
          rounds,
          'ready without a core: the main thread of the server',
          'ms/s',
          ({ serverWaitsMs }) => serverWaitsMs,
        ),
        ...figuresOf(
          rounds,
          'ready without a core: that of the load generator',
          'ms/s',
          ({ loadWaitsMs }) => loadWaitsMs,
        ),
        ...figuresOf(rounds, 'the flood', 'messages/s', ({ floodPerSecond }) => floodPerSecond),
        ...figuresOf(
          shares,
          'weights 1, 2, 4: the share that is farthest off',
          '%',
          (share) => share.worst * 100,
        ),
        ...figuresOf(shares, "weights 1, 2, 4: Jain's index", '', (share) => share.jain),
      ],
      verdicts: [
        { goal: 'quiet p99 at most 10 ms', measured: `${p99.toFixed(2)} ms`, met: p99 <= 10 },
        {
          goal: 'quiet p99 at most 1/100 of that of Socket.IO',
          measured: `${ratio.toFixed(4)} ×`,
          met: ratio <= 0.01,
        },
        {
          goal: 'shares within 5 % of what weights say',
          measured: `${(worst * 100).toFixed(1)} % off`,
          met: worst <= SHARE_TOLERANCE,
        },
        { goal: "Jain's index at least 0.95", measured: jain.toFixed(4), met: jain >= 0.95 },
      ],
      notes: [
        'The load generator keeps at most 64 KiB in its own socket, so that a quiet message waits in the system and in the server, not in the client. Server and client of Holdfast grant each session 256 KiB, which bounds what can stand before a sibling; Socket.IO knows no windows, and takes all that is emitted into its queue.',
        'Where the time goes: between a quiet message and its echo there came 3 KiB of the floods in the median, 390 KiB at p99 and 517 KiB at most, which is the two windows of 256 KiB, and takes about 2 ms at the rate of the flood.',
        'What was cut: the p99 was 45 ms at 242,000 messages a second, of full collections, which V8 began every 130 ms and which took 50 to 66 ms each. It begins one when 64 MiB of buffers outside its heap have been made since the last. Counted under this flood on a busy machine, 133,000 messages a second made 206 MB/s of them beside what Node.js reads into: a third were copies of DATA that waited for their turn, and two thirds the pieces that were written, since the 128 KiB of a turn, with the heads of their messages, were a little more than the largest piece that the pool kept. Now payloads are acted on in the message that they came in, only what waits longer is copied, and a turn fits the pool: 215,000 messages a second made 2.4 MB/s, and in five seconds there was no full collection (eight before, at 133,000). A message of the flood takes 2.0 to 2.5 µs of the processor instead of 2.9 to 3.5.',
        'Tried: a larger young generation (--max-semi-space-size=64) changed nothing, since the buffers reach the limit before it is full. One reading of the clock a turn instead of five a frame, no texts of invariants that hold, no boxed halves of handles and no table of handlers took a quarter off the CPU of a message before.',
      ],
    };
  },
};
