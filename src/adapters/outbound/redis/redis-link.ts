import type { Redis } from 'ioredis';
import type { Log } from '../../../application/ports/log.ts';
import type { Metrics } from '../../../application/ports/metrics.ts';
import { RedisConnection, unavailable } from './redis-connection.ts';
import { RedisSubscriptions } from './redis-subscriptions.ts';
import { type RedisAddress, redisAddress } from './redis-url.ts';
import type { Hearer, RedisWire } from './redis-wire.ts';
import { SignedWords, type SignWord } from './signed-words.ts';

/** Most commands that wait for an answer; more are refused. */
const MAX_COMMANDS = 10_000;
/** Most text of messages that wait to be taken, in UTF-16 code units; what comes then is lost. */
const MAX_OUTGOING_CHARS = 8_388_608;
/** How long it is rested before a server that refuses to tell is asked again, in milliseconds. */
const REFUSED_REST_MS = 1_000;
/** How all keys and channels begin, unless somebody says otherwise. */
const PREFIX = 'holdfast:';

interface Given {
  readonly log: Log;
  readonly metrics: Metrics;
  /** What signs the words between nodes: the first signs, all are accepted. */
  readonly keys: readonly SignWord[];
  /** How all keys and channels begin. */
  readonly prefix?: string;
}

/**
 * A node's way to Redis: one connection for commands and one for what is heard. It may be away at any moment, from the
 * start on; then nothing waits for it. Metrics `holdfast_redis_connected`, `holdfast_redis_words_refused_total`.
 */
export class RedisLink implements RedisWire {
  readonly #given: Given;
  readonly #commands: RedisConnection;
  readonly #heard: RedisConnection;
  readonly #subscriptions: RedisSubscriptions;
  readonly #prefix: string;
  readonly #words: SignedWords;
  #doubt: string | undefined;
  #hasRefused = false;
  #state: 'new' | 'connected' | 'lost' | 'closed' = 'new';
  #isHearing = false;
  #hearingAgain: NodeJS.Timeout | undefined;
  #underWay = 0;
  #outgoingChars = 0;

  private constructor(address: RedisAddress, given: Given) {
    this.#given = given;
    this.#prefix = given.prefix ?? PREFIX;
    this.#words = new SignedWords(given.keys);
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
    this.#gauge();
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
    return this.isOpen && this.#doubt === undefined;
  }

  /** Whether both connections are there; that words reach everybody is another thing. */
  get isOpen(): boolean {
    return this.#state === 'connected';
  }

  /** While there is a reason to doubt that words reach everybody, it counts as not connected. */
  doubt(reason: string | undefined): void {
    if (reason === this.#doubt) return;
    const { log } = this.#given;
    if (reason === undefined) log.info({}, 'words reach all nodes again');
    else
      log.warn(
        { reason },
        'Redis is there, and words do not reach all nodes: they come later, by way of MongoDB',
      );
    this.#doubt = reason;
    this.#gauge();
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
    // An append is answered with others, and each of them says a word.
    this.#commands.gather();
    const { client, isSharded } = this.#commands;
    const name = this.key(channel);
    const sealed = this.#words.seal(name, text);
    (isSharded ? client.spublish(name, sealed) : client.publish(name, sealed)).then(
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
    const name = this.key(channel);
    return this.#subscriptions.subscribe(name, {
      onActive: () => hearer.onActive(),
      onMessage: (sealed) => {
        const text = this.#words.open(name, sealed);
        if (text === undefined) this.#refuse(name);
        else hearer.onMessage(text);
      },
    });
  }

  /** Closes both connections for good. Idempotent. */
  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#hearingAgain);
    this.#subscriptions.clear();
    this.#commands.close();
    this.#heard.close();
    this.#gauge();
  }

  #refuse(channel: string): void {
    const { log, metrics } = this.#given;
    metrics.count('holdfast_redis_words_refused_total');
    if (this.#hasRefused) return;
    this.#hasRefused = true;
    log.warn(
      { channel },
      'a word on Redis is not of a node with our audit key, and counts for nothing; the metric counts more of them',
    );
  }

  #gauge(): void {
    this.#given.metrics.gauge('holdfast_redis_connected', this.isConnected ? 1 : 0);
  }

  #hear(): void {
    clearTimeout(this.#hearingAgain);
    this.#subscriptions.resume().then(
      () => {
        this.#isHearing = this.#heard.isUsable;
        this.#back();
      },
      (error: Error) => {
        this.#lost(error.message);
        this.#hearAgain();
      },
    );
  }

  /** A connection that is refused its channels stays, and nothing else would ask for them once more. */
  #hearAgain(): void {
    if (this.#state === 'closed') return;
    clearTimeout(this.#hearingAgain);
    this.#hearingAgain = setTimeout(() => {
      if (this.#heard.isUsable) this.#hear();
    }, REFUSED_REST_MS).unref();
  }

  #back(): void {
    if (!this.#commands.isUsable || !this.#isHearing) return;
    if (this.#state === 'connected' || this.#state === 'closed') return;
    if (this.#state === 'lost') this.#given.log.info({}, 'Redis is back');
    this.#state = 'connected';
    this.#gauge();
  }

  #lost(reason: string): void {
    if (this.#state === 'lost' || this.#state === 'closed') return;
    this.#state = 'lost';
    this.#gauge();
    this.#given.log.warn({ reason }, 'Redis is out of reach: what it carries comes later, by way of MongoDB');
  }
}
