import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { OwnServer } from '../../../../scripts/services/own-server.ts';
import { startRedis } from '../../../../scripts/services/redis.ts';
import { RedisLiveTail } from '../../../../src/adapters/outbound/redis/streaming/redis-live-tail.ts';
import { SystemTimers } from '../../../../src/adapters/outbound/system/system-timers.ts';
import { eventually } from '../../../support/eventually.ts';
import { aLink, connected, type LinkUnderTest, ownPrefix } from '../../../support/redis.ts';
import { chunks, numberedStream } from '../../../support/stream-builders.ts';
import { TailRecorder } from '../../../support/tail-recorder.ts';

const ONE = numberedStream(1);

describe('the tail of a fleet', function () {
  this.timeout(60_000);
  let server: OwnServer;
  let admin: Redis;
  let prefix: string;
  let here: LinkUnderTest;
  let there: LinkUnderTest;
  let reading: RedisLiveTail;
  let writing: RedisLiveTail;
  before(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
    admin.on('error', () => undefined);
  });
  beforeEach(async () => {
    prefix = ownPrefix();
    [here, there] = [aLink(server.url, prefix), aLink(server.url, prefix)];
    const timers = new SystemTimers();
    reading = new RedisLiveTail({ wire: here.link, timers });
    writing = new RedisLiveTail({ wire: there.link, timers });
    await connected(here, there);
  });
  afterEach(() => {
    here.link.close();
    there.link.close();
  });
  after(async () => {
    admin.disconnect();
    await server.stop();
  });

  const followed = async (): Promise<TailRecorder> => {
    const reader = new TailRecorder();
    reading.subscribe(ONE, reader);
    await eventually(async () => expect(reader.misses).to.equal(1));
    return reader;
  };
  const missed = (reader: TailRecorder, times: number): Promise<void> =>
    eventually(async () => {
      expect(reader.misses).to.be.at.least(times);
    });

  it('tells a reader to look into the log as soon as what comes after is heard', async () => {
    const reader = await followed();
    writing.publish(ONE, chunks(2, 'a'));
    await eventually(async () => expect(reader.events).to.deep.equal(chunks(2, 'a')));
    expect(reader.misses).to.equal(1);
  });

  it('subscribes once for all readers of a stream on a node, on a channel of its shard where there are some, and not at all when they have gone', async () => {
    const subscribers = async (): Promise<readonly number[]> => {
      const channel = `${prefix}tail:${ONE}`;
      const [[, sharded], [, plain]] = (await Promise.all([
        admin.call('PUBSUB', 'SHARDNUMSUB', channel),
        admin.call('PUBSUB', 'NUMSUB', channel),
      ])) as [[string, number], [string, number]];
      return [sharded, plain];
    };
    const readers = Array.from({ length: 32 }, () => new TailRecorder());
    const leaves = readers.map((reader) => reading.subscribe(ONE, reader));
    await Promise.all(readers.map((reader) => missed(reader, 1)));
    const major = Number(/redis_version:(\d+)/.exec(await admin.info('server'))?.[1]);
    expect(await subscribers()).to.deep.equal(major >= 7 ? [1, 0] : [0, 1]);
    for (const leave of leaves) leave();
    await eventually(async () => expect(await subscribers()).to.deep.equal([0, 0]));
  });

  it('sends readers to the log while the server is away, and once when it is back', async () => {
    const reader = await followed();
    await server.kill();
    await missed(reader, 6);
    await server.restart();
    await connected(here, there);
    const before = reader.misses;
    writing.publish(ONE, chunks(2, 'a'));
    await eventually(async () => expect(reader.events).to.deep.equal(chunks(2, 'a')));
    expect(reader.misses).to.be.at.most(before + 1);
  });

  it('sends readers to the log after their connection was cut', async () => {
    const reader = await followed();
    for (let cut = 1; cut <= 3; cut += 1) {
      const before = reader.misses;
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await missed(reader, before + 1);
      await connected(here, there);
    }
  });

  it('tells readers elsewhere what their writer could not send, when he can send again', async () => {
    const reader = await followed();
    const lists = String(await admin.client('LIST'));
    // The writer's connection for commands is the younger one of its name.
    const id = [...lists.matchAll(/^id=(\d+) .* name=holdfast /gm)]
      .map((match) => Number(match[1]))
      .sort((a, b) => b - a)[0];
    const held = new Promise<void>((resolve) => {
      const publish = (): void => {
        writing.publish(ONE, chunks(2, 'lost'));
        if (there.link.isConnected) setImmediate(publish);
        else resolve();
      };
      publish();
    });
    await admin.call('CLIENT', 'KILL', 'ID', String(id));
    await held;
    const before = reader.misses;
    // Sooner than a reader would look by himself.
    await eventually(async () => expect(reader.misses).to.be.greaterThan(before), 3_000);
    expect(here.link.isConnected).to.equal(true);
    expect(here.log.lines).to.deep.equal([]);
  });

  it('makes of what it cannot understand a look into the log', async () => {
    const reader = await followed();
    for (const text of [
      '',
      'x',
      'x 1',
      'x 0\n',
      'x 5\nz 1 {}\n',
      'x -1\nc 1 {}\n',
      `x ${'9'.repeat(400)}\n`,
    ]) {
      const before = reader.misses;
      there.link.publish(`tail:${ONE}`, text);
      await missed(reader, before + 1);
    }
    expect(reader.events).to.deep.equal([]);
  });
});
