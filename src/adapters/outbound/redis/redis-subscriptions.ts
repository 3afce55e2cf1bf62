import type { RedisConnection } from './redis-connection.ts';
import type { Hearer } from './redis-wire.ts';

/** Channels that are subscribed to by one command, when a connection is new. */
const CHANNELS_AT_ONCE = 500;

/** The channels that a node hears, on one connection, whichever one that is. */
export class RedisSubscriptions {
  readonly #hearers = new Map<string, Hearer>();
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
    const hear = (channel: string, text: string): void => this.#hearers.get(channel)?.onMessage(text);
    connection.client.on('message', hear);
    connection.client.on('smessage', hear);
  }

  /** Hears a channel until the returned function is called. */
  subscribe(channel: string, hearer: Hearer): () => void {
    this.#hearers.set(channel, hearer);
    if (this.#connection.isUsable) this.#begin([channel]).catch(() => undefined);
    return () => {
      if (this.#hearers.get(channel) !== hearer) return;
      this.#hearers.delete(channel);
      if (this.#connection.isUsable) this.#end(channel);
    };
  }

  /** Hears all channels on a connection that has just been made. @throws what the server says to it. */
  async resume(): Promise<void> {
    const channels = [...this.#hearers.keys()];
    for (let from = 0; from < channels.length; from += CHANNELS_AT_ONCE) {
      // Who has left meanwhile has ended his channel before it was begun here.
      const wanted = channels.slice(from, from + CHANNELS_AT_ONCE).filter((name) => this.#hearers.has(name));
      if (wanted.length > 0) await this.#begin(wanted);
    }
  }

  /** Forgets them all. */
  clear(): void {
    this.#hearers.clear();
  }

  async #begin(channels: readonly string[]): Promise<void> {
    const hearers = channels.map((channel) => this.#hearers.get(channel));
    const { client, isSharded } = this.#connection;
    try {
      await (isSharded ? client.ssubscribe(...channels) : client.subscribe(...channels));
    } catch (error) {
      throw this.#connection.fault(error);
    }
    for (const [index, channel] of channels.entries()) {
      // Who has left meanwhile hears nothing, and who came after him is told by his own command.
      if (this.#hearers.get(channel) === hearers[index]) hearers[index]?.onActive();
    }
  }

  #end(channel: string): void {
    const { client, isSharded } = this.#connection;
    const left = isSharded ? client.sunsubscribe(channel) : client.unsubscribe(channel);
    left.catch((error: unknown) => this.#connection.fault(error));
  }
}
