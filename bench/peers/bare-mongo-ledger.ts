/** The least that MongoDB can be asked for: one conditional update for each reserve and one for each settle, no rules. */
import { MongoClient } from 'mongodb';

const CALLERS = 100;

const [url = '', accountsText, pairsText] = process.argv.slice(2);
const [accounts, pairs] = [Number(accountsText), Number(pairsText)];

interface Account {
  readonly _id: string;
  readonly available: number;
  readonly held: number;
  readonly charged: number;
}

const writeConcern = { w: 'majority', journal: true } as const;
const client = await MongoClient.connect(url, { writeConcern, maxPoolSize: 64 });
const documents = client.db().collection<Account>('bare');
await documents.deleteMany();
await documents.insertMany(
  Array.from({ length: accounts }, (_, account) => ({
    _id: `u${account}`,
    available: 1e12,
    held: 0,
    charged: 0,
  })),
);

let next = 0;
const caller = async (): Promise<void> => {
  while (next < pairs) {
    const _id = `u${next % accounts}`;
    next += 1;
    const hold = { $inc: { available: -4_196_000, held: 4_196_000 } };
    await documents.updateOne({ _id, available: { $gte: 4_196_000 } }, hold);
    const charge = { $inc: { available: 3_996_000, held: -4_196_000, charged: 200_000 } };
    await documents.updateOne({ _id, held: { $gte: 4_196_000 } }, charge);
  }
};
const startedAt = performance.now();
await Promise.all(Array.from({ length: CALLERS }, caller));
const perSecond = (pairs * 1000) / (performance.now() - startedAt);
await client.close();
process.send?.({ perSecond });
