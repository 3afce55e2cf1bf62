import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNchan } from './peers/nchan.ts';
import { BenchServer } from './support/bench-server.ts';
import { firstMessage, SERVER_CORE, spawnPinned, stop } from './support/process.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { median } from './support/statistics.ts';
import {
  alternate,
  figuresOf,
  LONGEST_START_MS,
  type Measurement,
  type Party,
  type TokenLoad,
} from './support/token-load.ts';

const ROUNDS = 5;
const STREAMS = 1_000;
/** Tokens per second and stream of the work as it is named, and the most that the pacer offers: more than bare can send. */
const NAMED_RATE = 50;
const OVERLOAD_RATE = 200;
const NEWCOMERS = 40;
const LOAD: TokenLoad = { rounds: ROUNDS, streams: STREAMS, newcomers: NEWCOMERS };

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

/** Many slow streams at once: what storing every event before it is sent costs. */
export const bench: Bench = {
  name: 'sse-tokens',
  async run(): Promise<BenchResult> {
    const named = await alternate(
      {
        holdfast: () => holdfast(NAMED_RATE),
        'bare node:http': () => bare(NAMED_RATE),
        nchan: () => startNchan(NAMED_RATE, STREAMS + NEWCOMERS),
      },
      LOAD,
    );
    const both = (rate: number): Readonly<Record<string, () => Promise<Party>>> => ({
      holdfast: () => holdfast(rate),
      'bare node:http': () => bare(rate),
    });
    const saturated = await alternate(both(OVERLOAD_RATE), LOAD);
    const most = (who: string): number =>
      median((saturated[who] ?? []).map(({ eventsPerSecond }) => eventsPerSecond));
    const half = Math.round(most('bare node:http') / 2 / STREAMS);
    const halved = await alternate(both(half), LOAD);
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
