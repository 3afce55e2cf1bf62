import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { trustPrivateCas } from '../../src/main/tls/outgoing-tls.ts';
import { ApiClient } from './api-client.ts';
import { Balancer } from './balancer.ts';
import { certificate, type Pair, writePair } from './certificates.ts';
import { sharedKeys } from './fleet-settings.ts';
import { type CommandOutcome, holdfast } from './holdfast-command.ts';
import { sharedMongodb, withDatabase } from './mongodb.ts';
import { redisUrl } from './redis.ts';
import { RunningServer, type ServerUrls, temporaryFolder } from './running-server.ts';

/** Everybody's password. */
export const PASSWORD = 'a long enough password';
/** How many nodes a fleet of the tests has. */
const NODES = 3;

/** The command on a machine whose clock is set wrong. */
const SKEWED = 'test/support/programs/skewed-holdfast.ts';

/** What a test says of its fleet. */
export interface FleetOptions {
  readonly flags?: readonly string[];
  /** A MongoDB of the test's own, which it may kill. */
  readonly mongodb?: string;
  /** A Redis of the test's own; `none`: the fleet has none. */
  readonly redis?: string;
  /** By how much the clock of each node's machine is set ahead, in milliseconds. */
  readonly clocksAheadMs?: readonly number[];
}

let pair: Promise<Pair> | undefined;

/** One for this process, which trusts it: two of the same name that sign themselves would hide each other. */
function trustedPair(): Promise<Pair> {
  pair ??= certificate().then((made) => {
    trustPrivateCas([made.cert]);
    return made;
  });
  return pair;
}

/** One address for all that a person asks for. */
const oneAddress = (url: string): ServerUrls => ({ auth: url, accounting: url, chat: url });

/**
 * Three processes of the real command on one MongoDB and one Redis, behind a balancer that terminates TLS and knows no
 * affinity. The database is the fleet's own, and so is everything in Redis.
 */
export class ThreeNodes {
  /** The balancer's address, for all three services. */
  readonly url: string;
  readonly mongodbUrl: string;
  /** File with the certificate that vouches for the balancer. */
  readonly caFile: string;
  readonly nodes: RunningServer[] = [];
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #balancer: Balancer;
  readonly #options: FleetOptions;

  private constructor(parts: {
    readonly url: string;
    readonly mongodbUrl: string;
    readonly folder: string;
    readonly balancer: Balancer;
    readonly pair: Pair;
    readonly options: FleetOptions;
    readonly redis: string | undefined;
  }) {
    const { url, mongodbUrl, folder, balancer, pair, options, redis } = parts;
    this.url = url;
    this.mongodbUrl = mongodbUrl;
    this.caFile = writePair(folder, pair, 'balancer').cert;
    this.#folder = folder;
    this.#balancer = balancer;
    this.#options = options;
    this.#env = {
      ...sharedKeys(folder),
      MONGODB_URL: mongodbUrl,
      ...(redis === undefined ? {} : { REDIS_URL: redis }),
    };
  }

  /** Starts the balancer, then all nodes at once, which make the database together. */
  static async start(options: FleetOptions = {}): Promise<ThreeNodes> {
    const folder = temporaryFolder();
    const pair = await trustedPair();
    const balancer = new Balancer(pair);
    const url = await balancer.listen();
    const mongodbUrl = withDatabase(options.mongodb ?? (await sharedMongodb()));
    const redis = options.redis === 'none' ? undefined : (options.redis ?? (await redisUrl()));
    const fleet = new ThreeNodes({ url, mongodbUrl, folder, balancer, pair, options, redis });
    const started = await Promise.allSettled(
      Array.from({ length: NODES }, async (_, place) => {
        fleet.nodes[place] = await fleet.#startNode(place);
      }),
    );
    const failed = started.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) {
      await fleet.dispose();
      throw failed.reason;
    }
    fleet.balance();
    return fleet;
  }

  /** Requests go to these nodes in turn from now on; to all of them unless places are named. */
  balance(places: readonly number[] = [...this.nodes.keys()]): void {
    this.#balancer.balanceBetween(places.map((place) => this.node(place).urls.chat));
  }

  node(place: number): RunningServer {
    const node = this.nodes[place];
    if (node === undefined) throw new Error(`there is no node ${place}`);
    return node;
  }

  /** One person by the balancer's way, or by that of one node's own port. */
  client(token: string, place?: number): ApiClient {
    return new ApiClient(oneAddress(place === undefined ? this.url : this.node(place).urls.chat), token);
  }

  /** Logs in through the balancer. */
  login(username: string): Promise<ApiClient> {
    return ApiClient.login(oneAddress(this.url), username, PASSWORD);
  }

  /** Runs `holdfast` with the fleet's configuration, on the folder of a node. */
  command(args: readonly string[], place = 0): Promise<CommandOutcome> {
    const env = {
      ...this.#env,
      HOLDFAST_DATA: this.#dataOf(place),
      HOLDFAST_PASSWORD: PASSWORD,
      HOLDFAST_ADMIN_PASSWORD: PASSWORD,
    };
    return holdfast(args, env);
  }

  /** Makes an account as an operator does. */
  async createUser(username: string, role = 'user'): Promise<void> {
    const { code, stderr } = await this.command([
      'user',
      'create',
      username,
      `${username}@example.org`,
      '--role',
      role,
    ]);
    if (code !== 0) throw new Error(`${username} could not be made: ${stderr}`);
  }

  /** Gives credit as an operator does. */
  async grant(username: string, credits: string): Promise<void> {
    const { code, stderr } = await this.command(['credits', 'grant', username, credits]);
    if (code !== 0) throw new Error(`${username} was given nothing: ${stderr}`);
  }

  /** Starts a node that has ended again, on a port of its own. */
  async restart(place: number): Promise<void> {
    this.nodes[place] = await this.#startNode(place);
    this.balance();
  }

  async dispose(): Promise<void> {
    await this.#balancer.close();
    await Promise.all(this.nodes.map((node) => node?.dispose()));
    if (this.#options.mongodb === undefined) {
      const client = await MongoClient.connect(this.mongodbUrl);
      await client.db().dropDatabase();
      await client.close();
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #dataOf(place: number): string {
    return join(this.#folder, `node-${place}`);
  }

  #startNode(place: number): Promise<RunningServer> {
    const { flags = [], clocksAheadMs = [] } = this.#options;
    const aheadMs = clocksAheadMs[place] ?? 0;
    const { port } = new URL(this.url);
    const before = [
      ...['--trusted-proxy', '127.0.0.1'],
      ...['--public-url', this.url, '--public-url', `https://127.0.0.1:${port}`],
    ];
    const env = { ...this.#env, SKEW_MS: String(aheadMs) };
    const program = aheadMs === 0 ? undefined : SKEWED;
    return RunningServer.start([...before, ...flags], this.#dataOf(place), env, [], program);
  }
}
