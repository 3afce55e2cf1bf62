/**
 * One of several processes that take turns at one name: `hammer-leases.ts <url> <task>`. Says `ready`, waits for a
 * line, holds the name as often as it is told, and says as JSON how often each outcome came. Whoever holds the name
 * writes its token where the holder before him has written his: `not alone` when that was not the last word of a
 * smaller one.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { MongoClient } from 'mongodb';
import { MongoLeases } from '../../../src/adapters/outbound/mongo/fleet/mongo-leases.ts';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import type { HoldTask } from '../hammer.ts';

/** A life that no turn outlives, in milliseconds. */
const LIFE_MS = 60_000;
const HOLDER = `process-${process.pid}`;

const [url = '', text = ''] = process.argv.slice(2);
const task = JSON.parse(text) as HoldTask;
const store = await MongoStore.open(url);
const leases = new MongoLeases(store);
const client = await MongoClient.connect(url);
const words = client.db().collection<{ _id: string; token: number; inside: boolean }>('words');
const outcomes: Record<string, number> = {};
const count = (outcome: string): void => {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
};

process.stdout.write('ready\n');
await once(createInterface(process.stdin), 'line');
for (let held = 0; held < task.times; ) {
  const lease = await leases.hold('turn/race', HOLDER, LIFE_MS);
  if (lease === 'taken') {
    count('taken');
    continue;
  }
  held += 1;
  const { token } = lease;
  const before = await words.findOneAndUpdate(
    { _id: 'last' },
    { $set: { token, inside: true } },
    { upsert: true },
  );
  const isAlone = before === null || (!before.inside && before.token < token);
  count(isAlone ? 'held' : 'not alone');
  await words.updateOne({ _id: 'last' }, { $set: { inside: false } });
  await leases.release('turn/race', HOLDER);
}
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
await client.close();
await store.close();
process.exit(0);
