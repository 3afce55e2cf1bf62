import { randomInt } from 'node:crypto';
import { Redis } from 'ioredis';
import { PortError } from '../../../application/ports/port-error.ts';
import type { RedisAddress } from './redis-url.ts';

/** Longest wait for the answer to a command, in milliseconds. */
const COMMAND_TIMEOUT_MS = 1_000;
/** Longest wait for a connection, in milliseconds. */
const CONNECT_TIMEOUT_MS = 2_000;
/** How long a connection that is given up may take to close by itself, in milliseconds. */
const CLOSING_MS = 50;
/** Rests before connecting again, in milliseconds: doubled each time, and up to half as much again by chance. */
const FIRST_REST_MS = 50;
const MAX_REST_MS = 2_000;
/** How often a connection is asked whether it still carries anything, in milliseconds. */
const HEARTBEAT_MS = 1_000;
/** The first version that has channels of one shard. */
const SHARDED_SINCE = 7;

/** What a connection tells. */
export interface ConnectionListener {
  /** Commands can be sent, on a connection that has carried nothing yet. */
  onUsable(): void;
  /** Commands fail at once until it is usable again; also told of each attempt to connect that fails. */
  onUnusable(reason: string): void;
}

/**
 * One connection, which is made again whenever it is lost, or answers nothing for a second. Commands wait for no
 * connection: they fail.
 */
export class RedisConnection {
  readonly client: Redis;
  readonly #listener: ConnectionListener;
  readonly #heartbeat: NodeJS.Timeout;
  #isUsable = false;
  #isSharded = false;
  /** Counts connections, so that an answer from an older one changes nothing. */
  #connections = 0;
  #lastError = 'the connection was closed';

  constructor(address: RedisAddress, name: string, listener: ConnectionListener) {
    this.#listener = listener;
    this.client = new Redis({ ...address, ...OPTIONS, connectionName: name });
    this.client.on('error', (error: Error) => {
      this.#lastError = error.message;
    });
    this.client.on('ready', () => this.#examine());
    this.client.on('close', () => this.#lost());
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
  }

  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** Whether channels belong to shards. All nodes see the same server, so they agree. */
  get isSharded(): boolean {
    return this.#isSharded;
  }

  /**
   * Tells what the failure of a command comes to, and gives up a connection that does not answer.
   *
   * @returns a PortError `unavailable`: nothing was done; `timeout`: unknown.
   */
  fault(error: unknown): PortError {
    const { name, message } = error as Error;
    if (name === 'ReplyError') return unavailable(`Redis refuses a command: ${message}`, error);
    if (/isn't writeable/.test(message)) return unavailable('Redis is out of reach', error);
    if (/timed out/.test(message)) this.#giveUp();
    return new PortError('timeout', 'redis', `Redis did not answer: ${message}`, { cause: error });
  }

  /** Sends what is asked from here to the end of this turn of the event loop by one call to the system. */
  gather(): void {
    const { stream } = this.client;
    if (stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  /** Closes for good. Idempotent. */
  close(): void {
    clearInterval(this.#heartbeat);
    this.#connections += 1;
    this.#isUsable = false;
    this.client.disconnect();
  }

  async #examine(): Promise<void> {
    this.#connections += 1;
    const connection = this.#connections;
    try {
      const info = await this.#info();
      if (connection !== this.#connections) return;
      if (/redis_mode:cluster/.test(info)) {
        // Half of what is said to it would be refused: better all is done elsewhere, and the log says why.
        this.#listener.onUnusable('it is a cluster, and only a single server can be used');
        return;
      }
      this.#isSharded = Number(/redis_version:(\d+)/.exec(info)?.[1]) >= SHARDED_SINCE;
      this.#isUsable = true;
      this.#listener.onUsable();
    } catch (error) {
      this.#lastError = (error as Error).message;
      if (connection === this.#connections) this.client.disconnect(true);
    }
  }

  /** What the server says of itself; nothing where its users may not ask. */
  async #info(): Promise<string> {
    return this.client.info('server').catch((error: Error) => {
      if (error.name !== 'ReplyError') throw error;
      return '';
    });
  }

  #beat(): void {
    if (this.#isUsable) this.client.ping().catch(() => this.#giveUp());
  }

  /** A connection that does not answer is no connection, even where nobody has closed it. */
  #giveUp(): void {
    if (!this.#isUsable) return;
    this.#lastError = `no answer within ${COMMAND_TIMEOUT_MS} ms`;
    this.client.disconnect(true);
    this.#lost();
  }

  #lost(): void {
    this.#connections += 1;
    this.#isUsable = false;
    this.#listener.onUnusable(this.#lastError);
  }
}

const OPTIONS = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
  disconnectTimeout: CLOSING_MS,
  enableOfflineQueue: false,
  // Its own check prints on the console where it may not ask; this class asks by itself.
  enableReadyCheck: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  // Whatever waits for an answer when the connection closes fails then.
  maxRetriesPerRequest: 0,
  // A server that takes no writes any more has become a replica: the name may lead to its successor.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  retryStrategy: (attempt: number): number => {
    const restMs = Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** Math.min(attempt - 1, 10));
    return restMs + randomInt(restMs / 2);
  },
};

/** Nothing was done. */
export const unavailable = (message: string, cause?: unknown): PortError =>
  new PortError('unavailable', 'redis', message, { cause });
