/**
 * Kills the server under load as often as asked: `npm run test:crash -- --points 200`. With `--nodes N` it is one node of
 * N on a MongoDB and a Redis that is killed or stopped, with the lease that nodes have and pauses of 30 s, unless
 * `--lease` and `--pause` name others, in seconds. With `--of redis` or `--of mongodb` it is that one, of the run's own,
 * which is killed, and a Redis also stands still and is flushed.
 */
import { parseArgs } from 'node:util';
import { runCrashes } from '../test/crash/crash-run.ts';
import { type Blow, runFleetCrashes } from '../test/crash/fleet-crash-run.ts';
import { mongodbBlows, redisBlows } from '../test/crash/store-blows.ts';
import { temporaryMongo } from '../test/support/mongodb.ts';
import { MONGODB_VARIABLE, startMongodb } from './services/mongodb.ts';
import type { OwnServer } from './services/own-server.ts';
import { REDIS_VARIABLE, startRedis } from './services/redis.ts';

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '20' },
    nodes: { type: 'string', default: '1' },
    lease: { type: 'string', default: '5' },
    pause: { type: 'string', default: '30' },
    of: { type: 'string', default: 'nodes' },
  },
});
if (!['nodes', 'redis', 'mongodb'].includes(values.of)) {
  process.stderr.write('--of takes nodes, redis or mongodb\n');
  process.exit(2);
}

function positive(name: Exclude<keyof typeof values, 'of'>): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  process.stderr.write(`--${name} takes a whole number of at least 1\n`);
  process.exit(2);
}

const points = positive('points');
const nodes = positive('nodes');
const tell = (line: string): boolean => process.stdout.write(`${line}\n`);

/** A server that is hurt is one of the run's own, whatever the environment names. */
async function serversOf(hurt: string, servers: OwnServer[]): Promise<readonly Blow[] | undefined> {
  let blows: readonly Blow[] | undefined;
  for (const [name, variable, start] of [
    ['mongodb', MONGODB_VARIABLE, startMongodb],
    ['redis', REDIS_VARIABLE, startRedis],
  ] as const) {
    if (process.env[variable] !== undefined && name !== hurt) continue;
    const server = await start();
    servers.push(server);
    process.env[variable] = server.url;
    if (name === hurt) {
      blows = name === 'redis' ? redisBlows(server, Math.random) : mongodbBlows(server, Math.random);
    }
  }
  return blows;
}

async function crashFleet(): Promise<unknown> {
  const servers: OwnServer[] = [];
  try {
    const blows = await serversOf(values.of, servers);
    const mongo = await temporaryMongo();
    const settings = {
      mongodbUrl: mongo.url,
      nodes,
      points,
      chats: 8,
      leaseMs: positive('lease') * 1000,
      pauseMs: positive('pause') * 1000,
      ...(blows === undefined ? {} : { blows }),
    };
    const report = await runFleetCrashes(settings, Math.random, tell);
    await mongo.remove();
    return report;
  } finally {
    for (const server of servers) await server.stop();
  }
}

const report = nodes === 1 ? await runCrashes({ points }, Math.random, tell) : await crashFleet();
tell(`${JSON.stringify(report)}\n${points} passed, 0 failed`);
