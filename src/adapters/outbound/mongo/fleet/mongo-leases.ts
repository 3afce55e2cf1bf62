import type { Collection, Document } from 'mongodb';
import type { Lease, Leases } from '../../../../application/ports/fleet/leases.ts';
import type { MongoStore } from '../mongo-store.ts';
import { changeOrMake } from './change-or-make.ts';
import { LEASES, type LeaseDocument, NOW_MS } from './fleet-documents.ts';

/** Above every character that a name begins with, in the order in which the server keeps keys. */
const AFTER_ALL = '\u{10ffff}';
/** Microseconds in a millisecond. */
const MICROS = 1_000;

/**
 * Leases on MongoDB, by its clock. A name is one document and each hold one update of it, which decides by what it
 * finds. A new token is the server's time in microseconds where that is greater than the last one's successor, so that
 * tokens go on growing when the server has forgotten a name that was free for long.
 */
export class MongoLeases implements Leases {
  readonly #store: MongoStore;
  readonly #leases: Collection<LeaseDocument>;

  constructor(store: MongoStore) {
    this.#store = store;
    this.#leases = store.collection<LeaseDocument>(LEASES);
  }

  async hold(name: string, holder: string, lifeMs: number): Promise<Lease | 'taken'> {
    const empty = { _id: name, token: 0, untilMs: 0, freedAt: new Date(0) };
    const lease = await changeOrMake(this.#store, this.#leases, empty, holding(holder, lifeMs));
    const { holder: found, token } = lease;
    return found === holder ? { name, holder, token, lapsed: false } : 'taken';
  }

  async release(name: string, holder: string): Promise<void> {
    const freed = { $set: { freedAt: '$$NOW', holder: '$$REMOVE' } };
    await this.#store.write(() => this.#leases.updateOne({ _id: name, holder }, [freed]));
  }

  async list(prefix: string): Promise<readonly Lease[]> {
    const named = { _id: { $gte: prefix, $lt: `${prefix}${AFTER_ALL}` }, holder: { $exists: true } };
    const found = await this.#store.read(() =>
      this.#leases
        .aggregate<LeaseDocument & { readonly lapsed: boolean }>([
          { $match: named },
          { $sort: { _id: 1 } },
          { $project: { holder: 1, token: 1, lapsed: { $lte: ['$untilMs', NOW_MS] } } },
        ])
        .toArray(),
    );
    return found.map(({ _id: name, holder = '', token, lapsed }) => ({ name, holder, token, lapsed }));
  }
}

/** A lease's fields after somebody has tried to hold it, by what they were before. */
function holding(holder: string, lifeMs: number): Document {
  const caller = { $literal: holder };
  const isFree = { $eq: [{ $ifNull: ['$holder', ''] }, ''] };
  const isOwn = { $eq: ['$holder', caller] };
  const isLapsed = { $lte: ['$untilMs', NOW_MS] };
  const isTaken = { $not: [{ $or: [isFree, isOwn, isLapsed] }] };
  const next = { $max: [{ $add: [{ $ifNull: ['$token', 0] }, 1] }, { $multiply: [NOW_MS, MICROS] }] };
  return {
    holder: { $cond: [isTaken, '$holder', caller] },
    token: { $cond: [{ $or: [isTaken, isOwn] }, '$token', next] },
    untilMs: { $cond: [isTaken, '$untilMs', { $add: [NOW_MS, lifeMs] }] },
    freedAt: '$$REMOVE',
  };
}
