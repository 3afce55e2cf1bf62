import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from './process.ts';
import { getRequest, postRequest, RawClient } from './raw-client.ts';
import { percentile } from './statistics.ts';

/** What a flood of logins met. */
export interface FloodOutcome {
  /** Logins that succeeded, per second. */
  readonly perSecond: number;
  /** CPU that the server spent for each, in milliseconds. */
  readonly cpuMs: number;
  /** How long `GET /health` took meanwhile, in milliseconds. */
  readonly healthP50Ms: number;
  readonly healthP99Ms: number;
  /** Logins that were told to come back. */
  readonly putOff: number;
}

/** Between two looks at the server's health, in milliseconds. */
const HEALTH_EVERY_MS = 50;

/**
 * Logs in without pause on so many connections, each as soon as its last login was answered, and looks at the server's
 * health meanwhile. Who is put off comes back when he is told to.
 */
export async function floodWithLogins(
  server: { readonly port: number; readonly pid: number },
  given: {
    readonly clients: number;
    readonly warmUpMs: number;
    readonly measuredMs: number;
    readonly path: string;
    credentials(client: number): { readonly username: string; readonly password: string };
  },
): Promise<FloodOutcome> {
  const { port, pid } = server;
  const state = { measuring: false, ended: false, done: 0, putOff: 0 };
  const logins = Array.from({ length: given.clients }, async (_, number) => {
    const client = await RawClient.open(port);
    const request = postRequest(port, given.path, given.credentials(number));
    while (!state.ended) {
      const answer = await client.ask(request).catch(() => undefined);
      if (answer === undefined) break;
      if (answer.status === 200) state.done += state.measuring ? 1 : 0;
      else if (answer.retryAfterSeconds > 0) {
        state.putOff += state.measuring ? 1 : 0;
        await sleep(answer.retryAfterSeconds * 1000);
      } else throw new Error(`a login gave ${answer.status}: ${answer.body}`);
    }
    client.close();
  });
  const failed = Promise.all(logins).then(() => undefined);
  await Promise.race([sleep(given.warmUpMs), failed]);
  state.measuring = true;
  const startedAt = performance.now();
  const cpuBefore = cpuSeconds(pid);
  const healthMs = await Promise.race([probe(port, given.measuredMs), failed.then(() => [])]);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = cpuSeconds(pid) - cpuBefore;
  state.measuring = false;
  state.ended = true;
  failed.catch(() => undefined);
  return {
    perSecond: state.done / seconds,
    cpuMs: (cpu * 1000) / state.done,
    healthP50Ms: percentile(healthMs, 50),
    healthP99Ms: percentile(healthMs, 99),
    putOff: state.putOff,
  };
}

async function probe(port: number, forMs: number): Promise<number[]> {
  const client = await RawClient.open(port);
  const request = getRequest(port, '/health');
  const tookMs: number[] = [];
  for (const until = performance.now() + forMs; performance.now() < until; ) {
    const askedAt = performance.now();
    const { status } = await client.ask(request);
    if (status !== 200) throw new Error(`/health gave ${status}`);
    tookMs.push(performance.now() - askedAt);
    await sleep(HEALTH_EVERY_MS);
  }
  client.close();
  return tookMs;
}
