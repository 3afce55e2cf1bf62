import { createHmac, randomBytes } from 'node:crypto';
import { REDIS_VARIABLE, startRedis } from '../../scripts/services/redis.ts';
import { RedisLink } from '../../src/adapters/outbound/redis/redis-link.ts';
import type { SignWord } from '../../src/adapters/outbound/redis/signed-words.ts';
import { eventually } from './eventually.ts';
import { RecordingLog } from './recording-log.ts';
import { RecordingMetrics } from './recording-metrics.ts';

let server: Promise<string> | undefined;

/** The URL of the Redis that tests share: the environment's, else of one that is started for this process. */
export function redisUrl(): Promise<string> {
  server ??= Promise.resolve(process.env[REDIS_VARIABLE] || startRedis().then(({ url }) => url));
  return server;
}

/** How the keys of one test begin. */
export const ownPrefix = (): string => `holdfast-test-${randomBytes(6).toString('hex')}:`;

/** A link under test with what it writes. */
export interface LinkUnderTest {
  readonly link: RedisLink;
  readonly log: RecordingLog;
  readonly metrics: RecordingMetrics;
}

/** What signs words with a key. */
export const signsWith =
  (key: string): SignWord =>
  (text) =>
    createHmac('sha256', key).update(text).digest('hex');

const OUR_KEYS: readonly SignWord[] = [signsWith('ours')];

/** A link that begins to connect; without other keys all of them have the same one. */
export function aLink(url: string, prefix: string, keys = OUR_KEYS): LinkUnderTest {
  const [log, metrics] = [new RecordingLog(), new RecordingMetrics()];
  return { link: RedisLink.open(url, { log, metrics, prefix, keys }), log, metrics };
}

/** Waits until links are connected. */
export async function connected(...links: readonly LinkUnderTest[]): Promise<void> {
  for (const { link } of links) {
    await eventually(async () => {
      if (!link.isConnected) throw new Error('it is not connected');
    });
  }
}
