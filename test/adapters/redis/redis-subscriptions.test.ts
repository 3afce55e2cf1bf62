import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { RedisConnection } from '../../../src/adapters/outbound/redis/redis-connection.ts';
import { RedisSubscriptions } from '../../../src/adapters/outbound/redis/redis-subscriptions.ts';
import type { Hearer } from '../../../src/adapters/outbound/redis/redis-wire.ts';

const NOBODY: Hearer = { onMessage: () => undefined, onActive: () => undefined };
/** More channels than one command subscribes to. */
const CHANNELS = 700;

describe('the channels of a connection that is new', () => {
  it('are those that somebody still hears when their turn comes', async () => {
    const begun = new Set<string>();
    const first = Promise.withResolvers<void>();
    const client = Object.assign(new EventEmitter(), {
      subscribe: async (...channels: readonly string[]) => {
        for (const channel of channels) begun.add(channel);
        await first.promise;
      },
      unsubscribe: async (channel: string) => begun.delete(channel),
    });
    const connection = { client, isUsable: false, isSharded: false };
    const subscriptions = new RedisSubscriptions(connection as unknown as RedisConnection);
    const leaves = Array.from({ length: CHANNELS }, (_, index) =>
      subscriptions.subscribe(`channel-${index}`, NOBODY),
    );
    connection.isUsable = true;
    const resumed = subscriptions.resume();
    leaves.at(-1)?.();
    first.resolve();
    await resumed;
    expect(begun.size).to.equal(CHANNELS - 1);
    expect(begun.has(`channel-${CHANNELS - 1}`)).to.equal(false);
  });
});
