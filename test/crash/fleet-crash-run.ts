import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { sharedKeys } from '../support/fleet-settings.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { redisUrl } from '../support/redis.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';
import { must } from './broken-by-crash.ts';
import { FleetLoad, type LoadTally } from './fleet-load.ts';
import { RunTime } from './run-time.ts';

/** Tokens a second of each stream. */
const PACE = 40;
/** Latest moment of a blow after the fleet is whole again, in milliseconds. */
const LATEST_BLOW_MS = 1_000;
/** How long the last streams may take to end and to be settled, in milliseconds: longer than a dead node is waited for. */
const QUIET_WITHIN_MS = 30_000;

/** How often the load logs in anew, in milliseconds: a token lives for a quarter of an hour. */
const RENEW_EVERY_MS = 5 * 60_000;

/** How a run is set up. */
export interface FleetCrashSettings {
  /** A database that the nodes make, and that is left when the run is over. */
  readonly mongodbUrl: string;
  readonly nodes: number;
  readonly points: number;
  /** When no further blow is dealt, in milliseconds; as long as the points take by default. */
  readonly withinMs?: number;
  /** Blows that are dealt all the same, however slow the machine is. */
  readonly atLeast?: number;
  /** Chats in which streams run all the time. */
  readonly chats: number;
  /** How long a silent node is waited for, in milliseconds. */
  readonly leaseMs: number;
  /** How long a node that is stopped stands still, in milliseconds; longer than its lease. */
  readonly pauseMs: number;
}

/** What a run came to. */
export interface FleetCrashReport extends LoadTally {
  readonly kills: number;
  readonly pauses: number;
}

/**
 * Kills or stops one node after the other under load, at random moments, and checks that every stream is resumed
 * elsewhere or honestly interrupted, that every reader has a true prefix, and that the doctor finds nothing.
 *
 * @throws BrokenByCrash naming the promise.
 */
export async function runFleetCrashes(
  settings: FleetCrashSettings,
  random: () => number,
  tell: (line: string) => void,
): Promise<FleetCrashReport> {
  const time = new RunTime(settings.withinMs);
  const { atLeast = settings.points } = settings;
  const fleet = new CrashingFleet(settings, await redisUrl());
  const load = new FleetLoad(fleet.clients, random);
  const run = async (): Promise<FleetCrashReport> => {
    await fleet.start();
    await load.start(settings.chats);
    const blows = { kills: 0, pauses: 0 };
    // The doctor looks while the next node is hurt already: what it finds has to be whole at any moment.
    let looking = Promise.resolve();
    // A slow machine deals few blows in its time, which may all have met the same.
    const points = (): number => (time.isOver && load.hasMetAll ? atLeast : settings.points);
    for (let point = 1; point <= points(); point += 1) {
      await sleep(random() * LATEST_BLOW_MS);
      load.requireWhole();
      const victim = Math.floor(random() * settings.nodes);
      const how = random() < 0.5 ? 'kills' : 'pauses';
      time.doing(`${point}/${settings.points}, ${how} of node ${victim + 1}`);
      blows[how] += 1;
      if (how === 'kills') await fleet.kill(victim);
      else await fleet.pause(victim);
      await fleet.keepLogin();
      time.doing(`${point}/${settings.points}, the doctor's look before it`);
      await looking;
      looking = fleet.requireClean();
      looking.catch(() => undefined);
      tell(`${point}/${settings.points}: node ${victim + 1} ${how === 'kills' ? 'killed' : 'paused'}`);
    }
    time.doing("the doctor's last look under load");
    await looking;
    time.doing('the end of the last streams');
    const tally = await load.finish();
    time.doing('the look at what is left');
    await fleet.requireQuiet();
    return { ...tally, ...blows };
  };
  return time.hold(run, async () => {
    load.abandon();
    await fleet.stop();
  });
}

/** Some nodes on one MongoDB and Redis of which one at a time is hurt. */
class CrashingFleet {
  readonly #settings: FleetCrashSettings;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #nodes: RunningServer[] = [];
  #token = '';
  #renewAtMs = 0;

  constructor(settings: FleetCrashSettings, redis: string) {
    this.#settings = settings;
    this.#folder = temporaryFolder();
    this.#env = { ...sharedKeys(this.#folder), MONGODB_URL: settings.mongodbUrl, REDIS_URL: redis };
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
