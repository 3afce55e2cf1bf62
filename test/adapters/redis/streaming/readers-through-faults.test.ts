import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { OwnServer } from '../../../../scripts/services/own-server.ts';
import { startRedis } from '../../../../scripts/services/redis.ts';
import { RedisLiveTail } from '../../../../src/adapters/outbound/redis/streaming/redis-live-tail.ts';
import { SystemTimers } from '../../../../src/adapters/outbound/system/system-timers.ts';
import { StreamReader } from '../../../../src/application/streaming/engine/stream-reader.ts';
import type { StreamEvent } from '../../../../src/domain/streaming/stream-event.ts';
import type { StreamId } from '../../../../src/domain/streaming/stream-id.ts';
import { eventually } from '../../../support/eventually.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { aLink, connected, type LinkUnderTest, ownPrefix } from '../../../support/redis.ts';
import { chunks, numberedStream } from '../../../support/stream-builders.ts';
import { readAll } from '../../../support/streaming-world.ts';

const STREAMS = 20;
/** Between two events of a stream, in milliseconds. */
const GAP_MS = 5;

/** A log that every node sees, and that is never slow. */
class SharedLog {
  readonly #logs = new Map<StreamId, StreamEvent[]>();

  add(id: StreamId, event: StreamEvent): void {
    this.of(id).push(event);
  }

  of(id: StreamId): StreamEvent[] {
    const log = this.#logs.get(id) ?? [];
    this.#logs.set(id, log);
    return log;
  }

  async read(id: StreamId, afterOffset: number, limit: number): Promise<readonly StreamEvent[]> {
    return this.of(id).slice(afterOffset, afterOffset + limit);
  }
}

describe('readers on another node than their writers', function () {
  this.timeout(60_000);
  let server: OwnServer;
  let admin: Redis;
  let here: LinkUnderTest;
  let there: LinkUnderTest;
  before(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
    admin.on('error', () => undefined);
  });
  beforeEach(async () => {
    const prefix = ownPrefix();
    [here, there] = [aLink(server.url, prefix), aLink(server.url, prefix)];
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

  const faults: ReadonlyArray<readonly [string, () => Promise<void>]> = [
    [
      'is killed and started over, empty',
      async () => {
        await server.kill();
        await pause(500);
        await server.restart();
        await connected(here, there);
      },
    ],
    [
      'stands still for longer than anybody waits',
      async () => {
        await server.pause();
        await pause(2_500);
        await server.goOn();
        await connected(here, there);
      },
    ],
    [
      'cuts connections again and again',
      async () => {
        for (let cut = 0; cut < 20; cut += 1) {
          await admin.call('CLIENT', 'KILL', 'TYPE', cut % 2 === 0 ? 'pubsub' : 'normal', 'SKIPME', 'yes');
          await pause(50);
        }
        await connected(here, there);
      },
    ],
    ['goes in the middle and does not come back', () => server.kill()],
  ];
  for (const [title, fault] of faults) {
    it(`have every event once and in order, and the end, when Redis ${title}`, async () => {
      const [timers, log, clock] = [new SystemTimers(), new SharedLog(), new ManualClock()];
      const reading = new RedisLiveTail({ wire: here.link, timers });
      const writing = new RedisLiveTail({ wire: there.link, timers });
      let isOver = false;
      const write = async (id: StreamId): Promise<void> => {
        const say = (event: StreamEvent): void => {
          log.add(id, event);
          writing.publish(id, [event]);
        };
        for (let offset = 1; !isOver || offset < 20; offset += 1) {
          for (const event of chunks(offset, `${offset} `)) say(event);
          await pause(GAP_MS);
        }
        say({ offset: log.of(id).length + 1, type: 'done', json: '{}', outputTokens: 0 });
      };
      const ids = Array.from({ length: STREAMS }, (_, index) => numberedStream(index + 1));
      const readings = ids.flatMap((id) =>
        [0, 1].map(async () => {
          const reader = new StreamReader(
            { clock, eventLog: log, tail: reading },
            { id, cursor: 0 },
            () => undefined,
          );
          return { id, events: await readAll(reader) };
        }),
      );
      const writers = ids.map(write);
      await eventually(async () => {
        for (const id of ids) expect(log.of(id)).to.have.length.above(5);
      });
      await fault();
      isOver = true;
      await Promise.all(writers);
      for (const { id, events } of await Promise.all(readings)) expect(events).to.deep.equal(log.of(id));
    });
  }
});
