import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MONGODB_VARIABLE, startMongodb } from '../scripts/services/mongodb.ts';
import type { OwnServer } from '../scripts/services/own-server.ts';
import { REDIS_VARIABLE, startRedis } from '../scripts/services/redis.ts';
import { sharedKeys } from '../test/support/fleet-settings.ts';
import { BenchServer } from './support/bench-server.ts';
import { firstMessage, SERVER_CORE, spawnPinned, stop } from './support/process.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { median } from './support/statistics.ts';
import { alternate, figuresOf, type Measurement, type Party, type TokenLoad } from './support/token-load.ts';

/** Tokens per second and stream. */
const RATE = 10;
const LOAD: TokenLoad = { rounds: 5, streams: 150, newcomers: 20 };
/** Nodes of the larger fleet. */
const NODES = 3;

interface Servers {
  readonly mongodb: string;
  readonly redis: string;
  readonly names: string;
  stop(): Promise<void>;
}

/** The servers that the environment names, else ones that are started for the bench. */
async function servers(): Promise<Servers> {
  const started: OwnServer[] = [];
  const provide = async (variable: string, start: () => Promise<OwnServer>): Promise<string> => {
    const named = process.env[variable];
    if (named !== undefined && named !== '') return named;
    const own = await start();
    started.push(own);
    return own.url;
  };
  const mongodb = await provide(MONGODB_VARIABLE, startMongodb);
  const redis = await provide(REDIS_VARIABLE, startRedis);
  return {
    mongodb,
    redis,
    names: started.map(({ program }) => program.split('/').at(-1)).join(', '),
    stop: async () => {
      for (const server of started) await server.stop();
    },
  };
}

const withDatabase = (server: string): string => {
  const url = new URL(server);
  url.pathname = `/holdfast-bench-${randomBytes(6).toString('hex')}`;
  return url.href;
};

async function bare({ mongodb, redis }: Servers): Promise<Party> {
  const args = ['bench/peers/bare-fleet-sse.ts', withDatabase(mongodb), redis, String(RATE)];
  const child = spawnPinned(SERVER_CORE, process.execPath, args);
  const { port } = await firstMessage<{ port: number }>(child);
  const request = { port, text: 'GET /stream HTTP/1.1\r\nHost: bench\r\n\r\n' };
  return { pids: [child.pid ?? 0], open: async () => request, stop: () => stop(child) };
}

async function fleet({ mongodb, redis }: Servers, nodes: number): Promise<Party> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const env = { ...sharedKeys(folder), MONGODB_URL: withDatabase(mongodb), REDIS_URL: redis };
  const flags = ['--rate', String(RATE)];
  const program = ['bench/peers/holdfast-sse.ts'];
  const running: BenchServer[] = [];
  for (let at = 0; at < nodes; at += 1) {
    running.push(await BenchServer.start(join(folder, String(at)), flags, program, env, running[0]));
  }
  const nodeOf = (index: number): BenchServer => {
    const node = running[index % nodes];
    if (node === undefined) throw new Error('a fleet has at least one node');
    return node;
  };
  return {
    pids: running.map(({ pid }) => pid),
    open: async (index) => {
      const node = nodeOf(index);
      return { port: node.port, text: node.startRequest(index, await node.createChat(index)) };
    },
    async stop() {
      for (const node of running) await node.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a stream costs a fleet, where each event is in the journals of a majority before it is sent. */
export const bench: Bench = {
  name: 'sse-tokens-fleet',
  async run(): Promise<BenchResult> {
    const given = await servers();
    const results = await alternate(
      {
        'holdfast, 1 node': () => fleet(given, 1),
        [`holdfast, ${NODES} nodes`]: () => fleet(given, NODES),
        'bare driver calls': () => bare(given),
      },
      LOAD,
    );
    await given.stop();
    const of = (who: string, pick: (measured: Measurement) => number): number =>
      median((results[who] ?? []).map(pick));
    const perEvent = (who: string): number =>
      of(who, ({ cores, eventsPerSecond }) => (cores / eventsPerSecond) * 1_000_000);
    const perStream = (who: string): string =>
      `${((of(who, ({ cores }) => cores) / LOAD.streams) * 1000).toFixed(2)} ms of CPU a second and stream`;
    const delivered =
      of('holdfast, 1 node', ({ eventsPerSecond }) => eventsPerSecond) /
      of('bare driver calls', ({ eventsPerSecond }) => eventsPerSecond);
    const spread = perEvent(`holdfast, ${NODES} nodes`) / perEvent('holdfast, 1 node');
    return {
      name: 'sse-tokens-fleet',
      work: `${LOAD.streams} streams × ${RATE} tokens/s on MongoDB and Redis, each event in the journal of a majority before it is sent. The peer inserts and publishes by bare driver calls, and checks and bills nothing.`,
      figures: figuresOf(`${RATE} tokens/s a stream`, results),
      verdicts: [
        {
          goal: 'at least 0.9 × the events of bare driver calls',
          measured: `${delivered.toFixed(2)} ×`,
          met: delivered >= 0.9,
        },
        {
          goal: `on ${NODES} nodes at most 1.5 × the CPU per event of one node`,
          measured: `${spread.toFixed(2)} ×: ${perStream(`holdfast, ${NODES} nodes`)}, on one node ${perStream('holdfast, 1 node')}`,
          met: spread <= 1.5,
        },
      ],
      notes: [
        `All servers under measurement run on one core, also the ${NODES} nodes together; MongoDB and Redis run beside the load generator${given.names === '' ? '' : ` (${given.names})`}.`,
        'By a profile of one node two fifths of its CPU are writes to the sockets of readers and of Redis, a word of one stream each. Nodes that have a third of the streams each would put a third of the words into an insert, and an insert costs its sender several times what a word in it does: so less than eight batches wait for more, up to 20 ms from the beginning of the insert before, which is the most that it can add to a first token. A node that has nothing to do makes about six commands a second to MongoDB and four to Redis. The waiting took a tenth off the CPU of three nodes (0.45 cores before, when one node took 0.2 instead of 0.23: so part of the lower ratio is the dearer node; side by side on a busy machine both were cheaper than before and the ratio had hardly moved), and what remains above one node was not found: in a profile a node with a third of the streams had nearly the time in JavaScript of a node with all, likely since it wakes as often; neither an idle node’s work, 17 to 20 ms a second, nor its inserts, two to three batches each before and nine now, explain it.',
      ],
    };
  },
};
