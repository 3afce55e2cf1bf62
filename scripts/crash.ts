/**
 * Kills the server under load as often as asked; with several nodes one of them, or their MongoDB or Redis.
 */
import { Option } from 'commander';
import { runCrashes } from '../test/crash/crash-run.ts';
import { type Blow, runFleetCrashes } from '../test/crash/fleet-crash-run.ts';
import { mongodbBlows, redisBlows } from '../test/crash/store-blows.ts';
import { temporaryMongo } from '../test/support/mongodb.ts';
import { longRun, wholeNumber } from './long-run.ts';
import { MONGODB_VARIABLE, startMongodb } from './services/mongodb.ts';
import type { OwnServer } from './services/own-server.ts';
import { REDIS_VARIABLE, startRedis } from './services/redis.ts';

const { points, nodes, lease, pause, of } = longRun(
  'test:crash',
  'Kills the server under load at random points, starts it again, and sees that nothing was lost, doubled or billed wrongly.',
)
  .option('--points <n>', 'How often.', wholeNumber, 20)
  .option(
    '--nodes <n>',
    'With more than one it is one of so many nodes on a MongoDB and a Redis that is killed, or paused.',
    wholeNumber,
    1,
  )
  .option('--lease <s>', 'The lease of the nodes, in seconds.', wholeNumber, 5)
  .option('--pause <s>', 'How long a node is paused, in seconds.', wholeNumber, 30)
  .addOption(
    new Option(
      '--of <what>',
      "What is hurt, with several nodes: one of these, or a store of the run's own: MongoDB is killed, Redis also stands still and is flushed.",
    )
      .choices(['nodes', 'redis', 'mongodb'])
      .default('nodes'),
  )
  .parse()
  .opts<{ points: number; nodes: number; lease: number; pause: number; of: string }>();
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
    const blows = await serversOf(of, servers);
    const mongo = await temporaryMongo();
    const settings = {
      mongodbUrl: mongo.url,
      nodes,
      points,
      chats: 8,
      leaseMs: lease * 1000,
      pauseMs: pause * 1000,
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
