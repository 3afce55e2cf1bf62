import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { OwnServer } from '../../scripts/services/own-server.ts';
import type { Blow } from './fleet-crash-run.ts';

/** Longest time for which a store stays away, in milliseconds. */
const LONGEST_AWAY_MS = 2_000;

/** What is done to a Redis of the run's own: it is killed and comes back empty, stands still, or loses all it has. */
export function redisBlows(redis: OwnServer, random: () => number): readonly Blow[] {
  return [
    {
      name: 'Redis killed',
      deal: async (fleet) => {
        await redis.kill();
        await fleet.requireRedis(false);
        await sleep(random() * LONGEST_AWAY_MS);
        await redis.restart();
        await fleet.requireRedis(true);
      },
    },
    {
      name: 'Redis stood still',
      deal: async (fleet) => {
        await redis.pause();
        await fleet.requireRedis(false);
        await redis.goOn();
        await fleet.requireRedis(true);
      },
    },
    {
      name: 'Redis flushed',
      deal: async () => {
        const client = new Redis(redis.url);
        await client.flushall();
        client.disconnect();
      },
    },
  ];
}

/** What is done to a MongoDB of the run's own, which syncs what it acknowledges: it is killed and comes back. */
export function mongodbBlows(mongodb: OwnServer, random: () => number): readonly Blow[] {
  return [
    {
      name: 'MongoDB killed',
      deal: async () => {
        await mongodb.kill();
        await sleep(random() * LONGEST_AWAY_MS);
        await mongodb.restart();
      },
    },
  ];
}
