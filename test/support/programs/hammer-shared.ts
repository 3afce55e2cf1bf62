/**
 * One of several processes that meet at one name, or at one window of attempts: `hammer-shared.ts <url> <task>`. Says
 * `ready`, waits for a line, does its task, and says as JSON how often each outcome came.
 *
 * Whoever holds the name writes its token where the holder before him has written his: `not alone` when that was not
 * the last word of a smaller one.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { MemoryAttemptCounters } from '../../../src/adapters/outbound/memory/identity/memory-attempt-counters.ts';
import { MongoAttemptCounters } from '../../../src/adapters/outbound/mongo/fleet/mongo-attempt-counters.ts';
import { MongoLeases } from '../../../src/adapters/outbound/mongo/fleet/mongo-leases.ts';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import { RedisLeases } from '../../../src/adapters/outbound/redis/fleet/redis-leases.ts';
import { RedisAttemptCounters } from '../../../src/adapters/outbound/redis/identity/redis-attempt-counters.ts';
import type { Leases } from '../../../src/application/ports/fleet/leases.ts';
import type { AttemptCounters } from '../../../src/application/ports/identity/attempt-counters.ts';
import type { SharedTask } from '../hammer.ts';
import { ManualClock } from '../manual-clock.ts';
import { aLink, connected } from '../redis.ts';

/** A life that no turn outlives, in milliseconds. */
const LIFE_MS = 60_000;
const HOLDER = `process-${process.pid}`;

interface Shared {
  readonly leases: Leases;
  readonly counters: AttemptCounters;
  /** Writes a word where the last holder has written his, and returns that. */
  swap(word: string): Promise<string | null>;
}

const [url = '', text = ''] = process.argv.slice(2);
const task = JSON.parse(text) as SharedTask;
const outcomes: Record<string, number> = {};
const count = (outcome: string): void => {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
};

async function onMongo(): Promise<Shared> {
  const store = await MongoStore.open(url);
  const client = await MongoClient.connect(url);
  const words = client.db().collection<{ _id: string; word: string }>('words');
  return {
    leases: new MongoLeases(store),
    counters: new MongoAttemptCounters(store),
    swap: async (word) => {
      const before = await words.findOneAndUpdate({ _id: 'last' }, { $set: { word } }, { upsert: true });
      return before?.word ?? null;
    },
  };
}

async function onRedis(prefix: string): Promise<Shared> {
  const subject = aLink(url, prefix);
  await connected(subject);
  const client = new Redis(url);
  return {
    leases: new RedisLeases(subject.link),
    counters: new RedisAttemptCounters(subject.link, new MemoryAttemptCounters({ clock: new ManualClock() })),
    swap: (word) => client.set(`${prefix}word`, word, 'PX', LIFE_MS, 'GET'),
  };
}

async function takeTurns({ leases, swap }: Shared): Promise<void> {
  for (let held = 0; held < task.times; ) {
    const lease = await leases.hold('turn/race', HOLDER, LIFE_MS);
    if (lease === 'taken') {
      count('taken');
      await pause(1);
      continue;
    }
    held += 1;
    const [state = 'outside', token = '0'] = ((await swap(`inside ${lease.token}`)) ?? '').split(' ');
    count(state !== 'inside' && Number(token) < lease.token ? 'held' : 'not alone');
    await swap(`outside ${lease.token}`);
    await leases.release('turn/race', HOLDER);
  }
}

async function guess({ counters }: Shared): Promise<void> {
  const counter = counters.open({ name: 'guesses', limit: task.times, windowMs: LIFE_MS });
  const tries = Array.from({ length: task.times }, () => counter.count('race'));
  for (const outcome of await Promise.all(tries)) count(outcome.kind);
}

const shared = task.prefix === undefined ? await onMongo() : await onRedis(task.prefix);
process.stdout.write('ready\n');
await once(createInterface(process.stdin), 'line');
await (task.kind === 'hold' ? takeTurns(shared) : guess(shared));
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
process.exit(0);
