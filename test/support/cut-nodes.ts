import { join } from 'node:path';
import { ApiClient } from './api-client.ts';
import { sharedKeys } from './fleet-settings.ts';
import { temporaryMongo } from './mongodb.ts';
import { redisUrl } from './redis.ts';
import { RunningServer } from './running-server.ts';

/** Two nodes of a fleet, with limits that many reconnections stay within, and somebody with credit for many streams. */
export interface CutNodes {
  /** The chat addresses. */
  readonly urls: readonly string[];
  readonly user: ApiClient;
  /** The same person by a login of now: an access token does not last as long as many cuts. */
  logIn(): Promise<ApiClient>;
  dispose(): Promise<void>;
}

const FLAGS = [
  '--model-pace',
  '400',
  '--websocket-multiplexing-connection-attempts',
  '10000000/min',
  '--websocket-multiplexing-max-connections-per-principal',
  '1000',
  '--websocket-multiplexing-opens-per-principal',
  '10000000/min',
  '--websocket-multiplexing-open-burst',
  '1000000',
];

/** Starts them on a database of their own. */
export async function startCutNodes(folder: string): Promise<CutNodes> {
  const mongo = await temporaryMongo();
  const env = { ...sharedKeys(folder), MONGODB_URL: mongo.url, REDIS_URL: await redisUrl() };
  const here = await RunningServer.start(['--demo', ...FLAGS], join(folder, 'here'), env);
  const there = await RunningServer.start(FLAGS, join(folder, 'there'), env);
  const admin = await ApiClient.login(here.urls, 'admin', 'admin@admin');
  const logIn = () => ApiClient.login(here.urls, 'user1', 'User1@123');
  const user = await logIn();
  await admin.post('accounting', '/api/credits/allocate', { userId: 'user1', credits: 1_000_000 });
  return {
    urls: [here.urls.chat, there.urls.chat],
    user,
    logIn,
    async dispose() {
      await here.dispose();
      await there.dispose();
      await mongo.remove();
    },
  };
}
