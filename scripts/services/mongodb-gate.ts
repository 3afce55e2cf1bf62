import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { type Collection, type Db, MongoClient, MongoServerError } from 'mongodb';
import type { OwnServer } from './own-server.ts';

/** Callers that race in each check. */
const RACERS = 200;
/** Writes that are acknowledged before the server is killed. */
const WRITES_BEFORE_KILL = 100;

interface Counter {
  readonly _id: string;
  readonly value: number;
}

/**
 * Sees whether a server can do what the contracts of the stores rest on, so that no green run rests on one that
 * cannot: conditional updates, unique races, journaled majority writes, transactions, and, of a server of the tests'
 * own, that it forgets nothing when it is killed.
 *
 * @returns what the server is, with its version.
 * @throws Error that names what it cannot do.
 */
export async function mongodbGate(url: string, own: OwnServer | undefined): Promise<string> {
  const client = new MongoClient(url, { w: 'majority', journal: true, readConcernLevel: 'majority' });
  const db = client.db(`holdfast-gate-${randomBytes(6).toString('hex')}`);
  try {
    await conditionalUpdates(db.collection('conditional'));
    await uniqueRaces(db.collection('unique'));
    await transactions(client, db.collection('transactions'));
    if (own !== undefined) await survival(db.collection('survival'), own);
    return await identity(db, own);
  } finally {
    await db.dropDatabase().catch(() => undefined);
    await client.close();
  }
}

async function identity(db: Db, own: OwnServer | undefined): Promise<string> {
  const { version, secantusVersion } = await db.admin().command({ buildInfo: 1 });
  const name = own === undefined ? 'the server that was named' : basename(own.program);
  return typeof secantusVersion === 'string'
    ? `${name}, SecantusDB ${secantusVersion}, which stands in for MongoDB ${version}`
    : `${name}, MongoDB ${version}`;
}

function demand(what: string, holds: boolean): void {
  if (!holds) throw new Error(`The MongoDB that was found cannot do ${what}.`);
}

const race = <Out>(act: (racer: number) => Promise<Out>): Promise<Out[]> =>
  Promise.all(Array.from({ length: RACERS }, (_, racer) => act(racer)));

async function conditionalUpdates(counters: Collection<Counter>): Promise<void> {
  await counters.insertOne({ _id: 'balance', value: RACERS / 2 });
  const spent = await race(() =>
    counters.updateOne({ _id: 'balance', value: { $gt: 0 } }, { $inc: { value: -1 } }),
  );
  const done = spent.filter(({ modifiedCount }) => modifiedCount === 1).length;
  demand('conditional updates under concurrency', done === RACERS / 2);
  const claimed = await race((racer) =>
    counters.updateOne({ _id: 'balance', value: 0 }, { $set: { value: racer + 1 } }),
  );
  const winners = claimed.filter(({ modifiedCount }) => modifiedCount === 1).length;
  demand('compare-and-set', winners === 1);
}

async function uniqueRaces(
  names: Collection<{ readonly _id: number; readonly name: string }>,
): Promise<void> {
  await names.createIndex({ name: 1 }, { unique: true });
  const outcomes = await race((racer) =>
    names.insertOne({ _id: racer, name: 'the only one' }).then(
      () => 'inserted',
      (error: unknown) => (error instanceof MongoServerError ? error.code : error),
    ),
  );
  const inserted = outcomes.filter((outcome) => outcome === 'inserted').length;
  const refused = outcomes.filter((outcome) => outcome === 11_000).length;
  demand('unique indexes under concurrency', inserted === 1 && refused === RACERS - 1);
}

async function transactions(client: MongoClient, counters: Collection<Counter>): Promise<void> {
  await counters.insertMany([
    { _id: 'a', value: 0 },
    { _id: 'b', value: 0 },
  ]);
  const [first, second] = [client.startSession(), client.startSession()];
  try {
    first.startTransaction();
    await counters.updateOne({ _id: 'a' }, { $set: { value: 1 } }, { session: first });
    second.startTransaction();
    const conflict: unknown = await counters
      .updateOne({ _id: 'a' }, { $set: { value: 2 } }, { session: second })
      .catch((error: unknown) => error);
    const isLabelled =
      conflict instanceof MongoServerError && conflict.hasErrorLabel('TransientTransactionError');
    demand('refusing the later of two writes in transactions as a transient error', isLabelled);
    await second.abortTransaction();
    await counters.updateOne({ _id: 'b' }, { $set: { value: 1 } }, { session: first });
    await first.commitTransaction();
    first.startTransaction();
    await counters.updateMany({}, { $set: { value: 9 } }, { session: first });
    await first.abortTransaction();
  } finally {
    await first.endSession();
    await second.endSession();
  }
  const values = (await counters.find().toArray()).map(({ value }) => value);
  demand('transactions, all or nothing', values.join() === '1,1');
}

async function survival(counters: Collection<Counter>, own: OwnServer): Promise<void> {
  await Promise.all(
    Array.from({ length: WRITES_BEFORE_KILL }, (_, number) =>
      counters.insertOne({ _id: String(number), value: number }),
    ),
  );
  await own.kill();
  await own.restart();
  demand(
    'keeping what it acknowledged when it is killed',
    (await counters.countDocuments()) === WRITES_BEFORE_KILL,
  );
}
