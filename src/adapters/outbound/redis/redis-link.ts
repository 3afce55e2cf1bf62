import type { Redis } from 'ioredis';
import type { Log } from '../../../application/ports/log.ts';
import type { Metrics } from '../../../application/ports/metrics.ts';
import { RedisConnection, unavailable } from './redis-connection.ts';
import { RedisSubscriptions } from './redis-subscriptions.ts';
import { type RedisAddress, redisAddress } from './redis-url.ts';
import type { Hearer, RedisWire } from './redis-wire.ts';

/** Most commands that wait for an answer; more are refused. */
const MAX_COMMANDS = 10_000;
/** Most text of messages that wait to be taken, in UTF-16 code units; what comes then is lost. */
const MAX_OUTGOING_CHARS = 8_388_608;
/** How all keys and channels begin, unless somebody says otherwise. */
const PREFIX = 'holdfast:';

interface Given {
  readonly log: Log;
  readonly metrics: Metrics;
  /** How all keys and channels begin. */
  readonly prefix?: string;
}

/**
 * A node's way to Redis: one connection for commands and one for what is heard. It may be away at any moment, from the
 * start on; then nothing waits for it. Metric `holdfast_redis_connected`.
 */
export class RedisLink implements RedisWire {
  readonly #given: Given;
  readonly #commands: RedisConnection;
  readonly #heard: RedisConnection;
  readonly #subscriptions: RedisSubscriptions;
  readonly #prefix: string;
  #state: 'new' | 'connected' | 'lost' | 'closed' = 'new';
  #isHearing = false;
  #underWay = 0;
  #outgoingChars = 0;

  private constructor(address: RedisAddress, given: Given) {
    this.#given = given;
    this.#prefix = given.prefix ?? PREFIX;
    const onUnusable = (reason: string): void => this.#lost(reason);
    this.#commands = new RedisConnection(address, 'holdfast', { onUsable: () => this.#back(), onUnusable });
    this.#heard = new RedisConnection(address, 'holdfast-heard', {
      onUsable: () => this.#hear(),
      onUnusable: (reason) => {
        this.#isHearing = false;
        this.#lost(reason);
      },
    });
    this.#subscriptions = new RedisSubscriptions(this.#heard);
    given.metrics.gauge('holdfast_redis_connected', 0);
  }

  /**
   * Begins to connect, and waits for nothing.
   *
   * @throws Error with a sentence when it is not a URL of Redis.
   */
  static open(url: string, given: Given): RedisLink {
    return new RedisLink(redisAddress(url), given);
  }

  get isConnected(): boolean {
    return this.#state === 'connected';
  }

  /** The key of this name, among the keys of all that use the server. */
  key(name: string): string {
    return `${this.#prefix}${name}`;
  }

  /** @throws PortError `unavailable`: nothing was done; `timeout`: unknown. */
  async run<Out>(command: (client: Redis) => Promise<Out>): Promise<Out> {
    if (!this.#commands.isUsable) throw unavailable('Redis is out of reach');
    if (this.#underWay >= MAX_COMMANDS) throw unavailable('too many commands wait for Redis');
    this.#underWay += 1;
    try {
      return await command(this.#commands.client);
    } catch (error) {
      throw this.#commands.fault(error);
    } finally {
      this.#underWay -= 1;
    }
  }

  publish(channel: string, text: string, onLost: () => void = () => undefined): void {
    if (!this.#commands.isUsable || this.#outgoingChars + text.length > MAX_OUTGOING_CHARS) {
      onLost();
      return;
    }
    this.#outgoingChars += text.length;
    const { client, isSharded } = this.#commands;
    const name = this.key(channel);
    (isSharded ? client.spublish(name, text) : client.publish(name, text)).then(
      () => {
        this.#outgoingChars -= text.length;
      },
      (error: unknown) => {
        this.#outgoingChars -= text.length;
        this.#commands.fault(error);
        onLost();
      },
    );
  }

  subscribe(channel: string, hearer: Hearer): () => void {
    return this.#subscriptions.subscribe(this.key(channel), hearer);
  }

  /** Closes both connections for good. Idempotent. */
  close(): void {
    this.#state = 'closed';
    this.#subscriptions.clear();
    this.#commands.close();
    this.#heard.close();
    this.#given.metrics.gauge('holdfast_redis_connected', 0);
  }

  #hear(): void {
    this.#subscriptions.resume().then(
      () => {
        this.#isHearing = this.#heard.isUsable;
        this.#back();
      },
      (error: Error) => this.#lost(error.message),
    );
  }

  #back(): void {
    if (!this.#commands.isUsable || !this.#isHearing) return;
    if (this.#state === 'connected' || this.#state === 'closed') return;
    const { log, metrics } = this.#given;
    if (this.#state === 'lost') log.info({}, 'Redis is back');
    this.#state = 'connected';
    metrics.gauge('holdfast_redis_connected', 1);
  }

  #lost(reason: string): void {
    if (this.#state === 'lost' || this.#state === 'closed') return;
    this.#state = 'lost';
    const { log, metrics } = this.#given;
    metrics.gauge('holdfast_redis_connected', 0);
    log.warn({ reason }, 'Redis is out of reach: what it carries comes later, by way of MongoDB');
  }
}
