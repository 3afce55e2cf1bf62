import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNchan } from './peers/nchan.ts';
import { BenchServer } from './support/bench-server.ts';
import { cpuSeconds, firstMessage, SERVER_CORE, spawnPinned, stop } from './support/process.ts';
import type { Bench, BenchResult, Figure } from './support/result.ts';
import { deliveredPerSecond, elapse, type RawRequest, SseReader } from './support/sse-load.ts';
import { median, percentile } from './support/statistics.ts';

const ROUNDS = 5;
const STREAMS = 1_000;
/** Tokens per second and stream of the work as it is named, and the most that the pacer offers: more than bare can send. */
const NAMED_RATE = 50;
const OVERLOAD_RATE = 200;
/** Readers that come while all streams run, to measure what a newcomer waits. */
const NEWCOMERS = 40;
/** Streams that are prepared at the same time, before any of them runs. */
const PREPARED_AT_ONCE = 40;
/** Longest wait for all streams to run, in milliseconds: a start that takes longer under load has starved. */
const LONGEST_START_MS = 20_000;
const SETTLE_MS = 1_000;
const WINDOW_MS = 3_000;
/** Time between two newcomers, in milliseconds; no multiple of the pacer's tick, so that they meet it anywhere. */
const NEWCOMER_EVERY_MS = 37;
/** How long the last newcomer may wait for its first token, in milliseconds; one that has none then counts as this. */
const LONGEST_FIRST_TOKEN_MS = 10_000;

/** A server under measurement that answers event streams. */
interface Party {
  readonly pids: readonly number[];
  /** Opens one more stream. */
  open(index: number): Promise<RawRequest>;
  stop(): Promise<void>;
}

interface Measurement {
  readonly eventsPerSecond: number;
  readonly cores: number;
  readonly firstTokenP95Ms: number;
  /** Streams that had no token within `LONGEST_START_MS`. */
  readonly starved: number;
}

async function bare(rate: number): Promise<Party> {
  const child = spawnPinned(SERVER_CORE, process.execPath, ['bench/peers/bare-sse.ts', String(rate)]);
  const { port } = await firstMessage<{ port: number }>(child);
  const request = { port, text: 'GET /stream HTTP/1.1\r\nHost: bench\r\n\r\n' };
  return { pids: [child.pid ?? 0], open: async () => request, stop: () => stop(child) };
}

async function holdfast(rate: number): Promise<Party> {
  const data = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const server = await BenchServer.start(data, ['--rate', String(rate)], ['bench/peers/holdfast-sse.ts']);
  return {
    pids: [server.pid],
    open: async (index) => ({
      port: server.port,
      text: server.startRequest(index, await server.createChat(index)),
    }),
    async stop() {
      await server.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/**
 * Waits until every reader has had a token, or for some time. Says how many have none.
 *
 * @throws Error with the answer when one is refused.
 */
async function untilAllRun(readers: readonly SseReader[], withinMs: number): Promise<number> {
  const until = performance.now() + withinMs;
  for (;;) {
    const waiting = readers.filter(({ firstChunkMs }) => firstChunkMs === undefined);
    const refused = waiting.filter(({ refusal }) => refusal !== undefined);
    if (refused.length > 0) throw new Error(`${refused.length} streams were refused: ${refused[0]?.refusal}`);
    if (waiting.length === 0 || performance.now() > until) return waiting.length;
    await elapse(50);
  }
}

async function measure(start: () => Promise<Party>): Promise<Measurement> {
  const party = await start();
  try {
    return await measureParty(party);
  } finally {
    await party.stop();
  }
}

async function measureParty(party: Party): Promise<Measurement> {
  const requests: RawRequest[] = [];
  while (requests.length < STREAMS + NEWCOMERS) {
    const next = Array.from({ length: PREPARED_AT_ONCE }, (_, at) => party.open(requests.length + at));
    requests.push(...(await Promise.all(next)));
  }
  const readers = requests.slice(0, STREAMS).map((request) => new SseReader(request));
  const starved = await untilAllRun(readers, LONGEST_START_MS);
  await elapse(SETTLE_MS);
  const used = (): number => party.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const usedBefore = used();
  const eventsPerSecond = await deliveredPerSecond(readers, WINDOW_MS);
  const cores = (used() - usedBefore) / (WINDOW_MS / 1000);
  const newcomers: SseReader[] = [];
  for (const request of requests.slice(STREAMS, STREAMS + NEWCOMERS)) {
    newcomers.push(new SseReader(request));
    await elapse(NEWCOMER_EVERY_MS);
  }
  await untilAllRun(newcomers, LONGEST_FIRST_TOKEN_MS);
  const waits = newcomers.map(({ firstChunkMs }) => firstChunkMs ?? LONGEST_FIRST_TOKEN_MS);
  for (const reader of [...readers, ...newcomers]) reader.close();
  return { eventsPerSecond, cores, firstTokenP95Ms: percentile(waits, 95), starved };
}

/** Runs the parties one after the other, round by round. */
async function alternate(
  parties: Readonly<Record<string, () => Promise<Party>>>,
): Promise<Record<string, Measurement[]>> {
  const results: Record<string, Measurement[]> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [who, start] of Object.entries(parties)) {
      const measured = await measure(start);
      results[who] = [...(results[who] ?? []), measured];
      process.stderr.write(
        `  ${who}: ${Math.round(measured.eventsPerSecond)} events/s, ${measured.cores.toFixed(2)} cores, first token p95 ${measured.firstTokenP95Ms.toFixed(1)} ms${measured.starved > 0 ? `, ${measured.starved} streams without one` : ''}\n`,
      );
    }
  }
  return results;
}

function figuresOf(what: string, results: Record<string, Measurement[]>): Figure[] {
  return Object.entries(results).flatMap(([who, rounds]) => {
    const figure = (name: string, unit: string, pick: (measured: Measurement) => number): Figure => ({
      who,
      what: `${what}: ${name}`,
      unit,
      median: median(rounds.map(pick)),
      rounds: rounds.map(pick),
    });
    return [
      figure('delivered', 'events/s', ({ eventsPerSecond }) => eventsPerSecond),
      figure('CPU', 'cores', ({ cores }) => cores),
      figure('first token p95', 'ms', ({ firstTokenP95Ms }) => firstTokenP95Ms),
    ];
  });
}

/** Many slow streams at once: what storing every event before it is sent costs. */
export const bench: Bench = {
  name: 'sse-tokens',
  async run(): Promise<BenchResult> {
    const named = await alternate({
      holdfast: () => holdfast(NAMED_RATE),
      'bare node:http': () => bare(NAMED_RATE),
      nchan: () => startNchan(NAMED_RATE, STREAMS + NEWCOMERS),
    });
    const saturated = await alternate({
      holdfast: () => holdfast(OVERLOAD_RATE),
      'bare node:http': () => bare(OVERLOAD_RATE),
    });
    const most = (who: string): number =>
      median((saturated[who] ?? []).map(({ eventsPerSecond }) => eventsPerSecond));
    const half = Math.round(most('bare node:http') / 2 / STREAMS);
    const halved = await alternate({ holdfast: () => holdfast(half), 'bare node:http': () => bare(half) });
    const of = (who: string, pick: (measured: Measurement) => number): number =>
      median((halved[who] ?? []).map(pick));
    const rate = most('holdfast') / most('bare node:http');
    const cpu = of('holdfast', ({ cores }) => cores) / of('bare node:http', ({ cores }) => cores);
    const starved = [named, saturated, halved]
      .flatMap((results) => results.holdfast ?? [])
      .reduce((sum, measured) => sum + measured.starved, 0);
    const added =
      of('holdfast', ({ firstTokenP95Ms }) => firstTokenP95Ms) -
      of('bare node:http', ({ firstTokenP95Ms }) => firstTokenP95Ms);
    return {
      name: 'sse-tokens',
      work: `${STREAMS} streams, each event on durable storage before it is sent. The peers store nothing, check nothing and bill nothing.`,
      figures: [
        ...figuresOf(`${NAMED_RATE} tokens/s a stream`, named),
        ...figuresOf('as fast as it can', saturated),
        ...figuresOf(`half of bare's most (${half} tokens/s a stream)`, halved),
      ],
      verdicts: [
        {
          goal: 'at saturation at least 0.9 × the events of bare node:http',
          measured: `${rate.toFixed(2)} ×`,
          met: rate >= 0.9,
        },
        {
          goal: "at half of bare's saturation at most 1.6 × its CPU",
          measured: `${cpu.toFixed(2)} ×`,
          met: cpu <= 1.6,
        },
        {
          goal: "at half of bare's saturation at most 10 ms added to the first token's p95",
          measured: `${added.toFixed(1)} ms`,
          met: added <= 10,
        },
        {
          goal: `every stream of Holdfast has a token within ${LONGEST_START_MS / 1000} s, beyond saturation too`,
          measured: `${starved} had none`,
          met: starved === 0,
        },
      ],
      notes: [
        'The server has one core, its writer thread included. A first token of Holdfast is that of a whole start: credential, slot, hold, two durable writes and the model; of the peers that of a bare GET.',
        'Every token is an event of its own, given to the server by the same pacer: one token of a stream at a time, and none that is late made up for. What a server sends together, it has gathered by itself.',
        'Were late tokens made up for in one burst, the bare server would join them to one write: 2.4 µs of CPU an event against 3.7 µs of Holdfast were seen then, about 0.65 × at saturation.',
        "nchan is fed by a publisher on the load generator's core over its HTTP interface, in batches; its CPU is that of its one worker.",
      ],
    };
  },
};
