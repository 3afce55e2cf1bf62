import { MONGODB_VARIABLE, startMongodb } from './mongodb.ts';
import type { OwnServer } from './own-server.ts';
import { REDIS_VARIABLE, startRedis } from './redis.ts';

/**
 * Starts a MongoDB and a Redis where the environment names none, and names them there.
 *
 * @returns what was started, which its caller stops.
 */
export async function startMissingServers(): Promise<readonly OwnServer[]> {
  const servers: OwnServer[] = [];
  for (const [variable, start] of [
    [MONGODB_VARIABLE, startMongodb],
    [REDIS_VARIABLE, startRedis],
  ] as const) {
    if (process.env[variable]) continue;
    const server = await start();
    servers.push(server);
    process.env[variable] = server.url;
  }
  return servers;
}
