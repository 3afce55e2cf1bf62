import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { sharedKeys } from '../support/fleet-settings.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';
import { must } from './broken-by-crash.ts';

/** Tokens a second of each stream. */
const PACE = 40;
/** How long the last streams may take to end and to be settled, in milliseconds: longer than a dead node is waited for. */
const QUIET_WITHIN_MS = 30_000;
/** How often the load logs in anew, in milliseconds: a token lives for a quarter of an hour. */
const RENEW_EVERY_MS = 5 * 60_000;

/** What a fleet that is hurt is made of. */
export interface CrashingFleetSettings {
  readonly mongodbUrl: string;
  readonly redisUrl: string;
  readonly nodes: number;
  /** How long a silent node is waited for, in milliseconds. */
  readonly leaseMs: number;
  /** How long a node that is stopped stands still, in milliseconds; longer than its lease. */
  readonly pauseMs: number;
}

/** Some nodes on one MongoDB and Redis of which one at a time is hurt. */
export class CrashingFleet {
  readonly #settings: CrashingFleetSettings;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #nodes: RunningServer[] = [];
  #token = '';
  #renewAtMs = 0;

  constructor(settings: CrashingFleetSettings) {
    this.#settings = settings;
    this.#folder = temporaryFolder();
    this.#env = {
      ...sharedKeys(this.#folder),
      MONGODB_URL: settings.mongodbUrl,
      REDIS_URL: settings.redisUrl,
    };
  }

  async start(): Promise<void> {
    for (let at = 0; at < this.#settings.nodes; at += 1) this.#nodes.push(await this.#startNode(at));
    const urls = this.#nodes[0]?.urls;
    if (urls === undefined) throw new Error('a fleet has at least one node');
    const admin = await ApiClient.login(urls, 'admin', 'admin@admin');
    await admin.post('accounting', '/api/credits/allocate', { userId: 'user1', credits: 1_000_000 });
    await this.keepLogin();
  }

  /** Logs in anew before the token's time is over, which a long run outlasts. To be called while all nodes are well. */
  async keepLogin(): Promise<void> {
    const urls = this.#nodes[0]?.urls;
    if (urls === undefined || performance.now() < this.#renewAtMs) return;
    // An overloaded store puts a login off, which is an answer and no fault.
    this.#token = (await eventually(() => ApiClient.login(urls, 'user1', 'User1@123'))).token;
    this.#renewAtMs = performance.now() + RENEW_EVERY_MS;
  }

  /** One client of the same person for each node, also for one that is being hurt. */
  readonly clients = (): readonly ApiClient[] =>
    this.#nodes.map(({ urls }) => new ApiClient(urls, this.#token));

  /** Kills a node and starts another in its place. */
  async kill(at: number): Promise<void> {
    await this.#nodes[at]?.end('SIGKILL');
    this.#nodes[at] = await this.#startNode(at);
  }

  /** Stops a node for longer than its lease; when it goes on it has to find out what has happened. */
  async pause(at: number): Promise<void> {
    const node = this.#nodes[at];
    const said = node?.output.length ?? 0;
    node?.signal('SIGSTOP');
    await sleep(this.#settings.pauseMs);
    node?.signal('SIGCONT');
    await eventually(async () => {
      const since = node?.output.slice(said) ?? '';
      must(/fenced|member of the fleet again/.test(since), 'a node that stood still says so', since);
    });
  }

  /** Waits until every node says of itself, and by its metric, whether Redis carries. */
  async requireRedis(isThere: boolean): Promise<void> {
    const status = isThere ? 'ok' : 'degraded';
    await eventually(async () => {
      for (const { urls } of this.#nodes) {
        const ready = await fetch(new URL('/health/ready', urls.chat));
        const body = (await ready.json()) as { readonly status?: string };
        must(ready.status === 200 && body.status === status, `a node is ${status}`, body);
        const metrics = await (await fetch(new URL('/metrics', urls.chat))).text();
        const line = /^holdfast_redis_connected .*$/m.exec(metrics)?.[0];
        must(line === `holdfast_redis_connected ${isThere ? 1 : 0}`, `its metric says ${status}`, line);
      }
    });
  }

  /** Sees that the doctor finds the store whole. */
  async requireClean(): Promise<void> {
    const doctor = await holdfast(['doctor', '--data', join(this.#folder, 'doctor'), '--json'], this.#env);
    must(doctor.code === 0, 'the doctor finds the store whole', doctor);
  }

  /** Once nothing runs any more nothing is held, and the doctor has nothing to say. */
  async requireQuiet(): Promise<void> {
    await eventually(async () => {
      const { body } = (await this.clients()[0]?.get('accounting', '/api/credits/balance')) ?? {};
      must(body?.heldCredits === 0, 'no credit stays held by streams that have ended', body);
    }, QUIET_WITHIN_MS);
    await this.requireClean();
  }

  /** Takes down the nodes that there are. Idempotent. */
  async stop(): Promise<void> {
    for (const node of this.#nodes) node.signal('SIGCONT');
    await Promise.all(this.#nodes.map((node) => node.dispose()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #startNode(at: number): Promise<RunningServer> {
    const flags = [
      '--demo',
      '--model-pace',
      String(PACE),
      '--fleet-lease',
      `${this.#settings.leaseMs / 1000}s`,
    ];
    return RunningServer.start(flags, join(this.#folder, `node-${at}`), this.#env);
  }
}
