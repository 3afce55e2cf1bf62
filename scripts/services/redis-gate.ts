import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { Redis } from 'ioredis';
import type { OwnServer } from './own-server.ts';

/** Callers that race for one key. */
const RACERS = 50;
const EXPIRY_MS = 60_000;

/**
 * Sees whether a server can do what leases, rate limits and tails rest on: keys that one of many gets, that expire,
 * scripts that are atomic, and messages to subscribers.
 *
 * @returns what the server is, with its version.
 * @throws Error that names what it cannot do.
 */
export async function redisGate(url: string, own: OwnServer | undefined): Promise<string> {
  const client = new Redis(url);
  const subscriber = new Redis(url);
  const key = `holdfast-gate-${randomBytes(6).toString('hex')}`;
  try {
    const taken = await Promise.all(
      Array.from({ length: RACERS }, (_, racer) => client.set(key, String(racer), 'PX', EXPIRY_MS, 'NX')),
    );
    demand('giving a key to one of many', taken.filter((answer) => answer === 'OK').length === 1);
    demand('letting keys expire', (await client.pttl(key)) > 0);
    const script = "return redis.call('INCR', KEYS[1]) + redis.call('DEL', ARGV[1])";
    const counted = await Promise.all(
      Array.from({ length: RACERS }, () => client.eval(script, 1, `${key}:n`, key)),
    );
    demand('atomic scripts', Math.max(...counted.map(Number)) === RACERS);
    await subscriber.subscribe(key);
    const heard = new Promise((resolve) => subscriber.once('message', (_channel, text) => resolve(text)));
    await client.publish(key, 'word');
    demand('telling subscribers', (await heard) === 'word');
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'of unknown version';
    return `${own === undefined ? 'the server that was named' : basename(own.program)} ${version}`;
  } finally {
    await client.del(key, `${key}:n`).catch(() => undefined);
    client.disconnect();
    subscriber.disconnect();
  }
}

function demand(what: string, holds: boolean): void {
  if (!holds) throw new Error(`The Redis that was found cannot do ${what}.`);
}
