import type { ClientSession, Collection } from 'mongodb';
import type {
  PutCondition,
  PutOutcome,
  Replaced,
  Replacement,
  SubscriberDirectory,
  SubscriberPage,
} from '../../../../application/ports/multiplexing/subscriber-directory.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import {
  crowdedOut,
  excessOf,
  type Room,
  rooms,
  type SubscriberBounds,
} from '../../../../domain/multiplexing/subscriber-bounds.ts';
import {
  realmOf,
  type SubscriberId,
  type SubscriberRealm,
} from '../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { SubscriberState } from '../../../../domain/multiplexing/subscriber-state.ts';
import { decideTransaction, decideWrite } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import { documentOf, SUBSCRIBERS, type SubscriberDocument, subscriberFrom } from './subscriber-documents.ts';

const roomOf = ({ id, owner }: SubscriberState): Room => ({ owner, realm: realmOf(id) });
const others = (but: SubscriberId | undefined) => (but === undefined ? {} : { _id: { $ne: but } });

/** What became of the write of one state: whose the state was that it took the place of, if there was one. */
type Written = { readonly formerOwner: SubscriberOwner | undefined } | 'outdated';

/**
 * Subscriptions in MongoDB. Each is one document, and each change one conditional write of it; the mark that it writes is
 * its own, so that it is found again when nobody knows what became of it. An owner's bounds are looked at after the write,
 * and a claim that is beyond them is taken back: of any number of racing claims the last to look sees all the others.
 */
export class MongoSubscriberDirectory implements SubscriberDirectory {
  readonly #store: MongoStore;
  readonly #subscribers: Collection<SubscriberDocument>;
  readonly #recordActs: RecordActs;

  constructor(store: MongoStore, recordActs: RecordActs) {
    this.#store = store;
    this.#subscribers = store.collection<SubscriberDocument>(SUBSCRIBERS);
    this.#recordActs = recordActs;
  }

  async find(id: SubscriberId): Promise<SubscriberState | undefined> {
    const found = await this.#store.read(() => this.#subscribers.findOne({ _id: id }));
    return found === null ? undefined : subscriberFrom(found);
  }

  async put(
    next: SubscriberState,
    { expected, bounds }: PutCondition,
    audit: readonly AuditRecord[] = [],
  ): Promise<PutOutcome> {
    // What has been audited cannot be taken back: such a claim is refused before, if it can be.
    const isAudited = expected === undefined && audit.length > 0;
    if (isAudited && (await this.#isFull(next, bounds))) return { kind: 'limit-reached' };
    const written = await this.#write(next, expected, audit);
    if (written === 'outdated') return { kind: 'outdated' };
    const isNew = written.formerOwner !== next.owner;
    const isDetached = next.detachedAtMs !== undefined;
    if (!isNew && !isDetached) return { kind: 'stored', released: [] };
    const crowded = crowdedOut(
      { others: await this.#countOf(roomOf(next), next.id), isDetached, isNew },
      bounds,
    );
    if (crowded === 'limit-reached') {
      await this.#delete(next.id, next.mark);
      return { kind: 'limit-reached' };
    }
    return {
      kind: 'stored',
      released: crowded === 0 ? [] : await this.#releaseOldest(roomOf(next), crowded, next.id),
    };
  }

  async findAll(ids: readonly SubscriberId[]): Promise<readonly SubscriberState[]> {
    if (ids.length === 0) return [];
    const found = this.#subscribers.find({ _id: { $in: ids } });
    return (await this.#store.read(() => found.toArray())).map(subscriberFrom);
  }

  async replaceAll(
    replacements: readonly Replacement[],
    bounds: Readonly<Record<SubscriberRealm, SubscriberBounds>>,
  ): Promise<Replaced> {
    if (replacements.length === 0) return { stored: new Set(), released: [] };
    const stored = await this.#replaceMany(replacements);
    const left = replacements.map(({ next }) => next).filter(({ id }) => stored.has(id));
    const released: SubscriberState[] = [];
    for (const room of rooms(left)) {
      const excess = excessOf(await this.#countOf(room), bounds[room.realm]);
      if (excess > 0) released.push(...(await this.#releaseOldest(room, excess)));
    }
    return { stored, released };
  }

  remove(id: SubscriberId, expected: string, audit: readonly AuditRecord[] = []): Promise<boolean> {
    if (audit.length === 0) return this.#delete(id, expected);
    return decideTransaction<boolean>(this.#store, {
      attempt: async (session) => {
        const { deletedCount } = await this.#subscribers.deleteOne({ _id: id, mark: expected }, { session });
        if (deletedCount === 1) await this.#recordActs(audit, session);
        return deletedCount === 1;
      },
      keeps: (isRemoved) => isRemoved,
      // A removal leaves nothing to tell it by: it is tried again, and a second one finds nothing.
      known: async () => undefined,
    });
  }

  async list({ realm, owner, after, limit }: SubscriberPage): Promise<readonly SubscriberState[]> {
    if (limit === 0) return [];
    // The sign that follows the colon ends the realm's names.
    const names = { $gt: after ?? (`${realm}:` as SubscriberId), $lt: `${realm};` as SubscriberId };
    const page = this.#subscribers
      .find({ _id: names, ...(owner === undefined ? {} : { owner }) })
      .sort({ _id: 1 })
      .limit(limit);
    return (await this.#store.read(() => page.toArray())).map(subscriberFrom);
  }

  /** Servers do not agree on what is distinct within lists. The condition lets the index tell who is held at all. */
  async nodes(): Promise<readonly string[]> {
    const names = this.#subscribers.aggregate<{ readonly _id: string }>([
      { $match: { 'holders.node': { $gt: '' } } },
      { $unwind: '$holders' },
      { $group: { _id: '$holders.node' } },
    ]);
    return (await this.#store.read(() => names.toArray())).map(({ _id }) => _id);
  }

  async heldBy(node: string, limit: number): Promise<readonly SubscriberState[]> {
    if (limit === 0) return [];
    const held = this.#subscribers.find({ 'holders.node': node }).limit(limit);
    return (await this.#store.read(() => held.toArray())).map(subscriberFrom);
  }

  async expire(nowMs: number, limit: number): Promise<number> {
    if (limit === 0) return 0;
    const isDue = { leaseEndsAtMs: { $lte: nowMs } };
    const due = this.#subscribers.find(isDue, { projection: { _id: 1 }, sort: { leaseEndsAtMs: 1 }, limit });
    const ids = (await this.#store.read(() => due.toArray())).map(({ _id }) => _id);
    if (ids.length === 0) return 0;
    const removal = () => this.#subscribers.deleteMany({ _id: { $in: ids }, ...isDue });
    return (await this.#store.write(removal)).deletedCount;
  }

  #write(
    next: SubscriberState,
    expected: string | undefined,
    audit: readonly AuditRecord[],
  ): Promise<Written> {
    const known = async (): Promise<Written | undefined> => {
      const found = await this.#subscribers.findOne({ _id: next.id }, { projection: { mark: 1 } });
      // Whose it was before is not known any more. It counts as new, and the owner's bounds are looked at.
      if (found?.mark === next.mark) return { formerOwner: undefined };
      return found?.mark === expected ? undefined : 'outdated';
    };
    if (audit.length === 0) {
      return decideWrite<Written>(this.#store, { attempt: () => this.#replace(next, expected), known });
    }
    return decideTransaction<Written>(this.#store, {
      attempt: async (session) => {
        const written = await this.#replace(next, expected, session);
        if (written !== 'outdated') await this.#recordActs(audit, session);
        return written;
      },
      keeps: (written) => written !== 'outdated',
      known,
    });
  }

  /** One command for all; the marks tell which are stored, where that is not told by how many were met. */
  #replaceMany(replacements: readonly Replacement[]): Promise<ReadonlySet<SubscriberId>> {
    const ids = replacements.map(({ next }) => next.id);
    const look = async (isDone: (marks: ReadonlyMap<SubscriberId, string>) => boolean) => {
      const found = this.#subscribers.find({ _id: { $in: ids } }, { projection: { mark: 1 } });
      const marks = new Map((await found.toArray()).map(({ _id, mark }) => [_id, mark]));
      const stored = replacements.filter(({ next }) => marks.get(next.id) === next.mark);
      return isDone(marks) ? new Set(stored.map(({ next }) => next.id)) : undefined;
    };
    return decideWrite<ReadonlySet<SubscriberId>>(this.#store, {
      attempt: async () => {
        const operations = replacements.map(({ next, expected }) => {
          const { _id, ...replacement } = documentOf(next);
          return { replaceOne: { filter: { _id, mark: expected }, replacement } };
        });
        const { matchedCount } = await this.#subscribers.bulkWrite(operations, { ordered: false });
        if (matchedCount === replacements.length) return new Set(ids);
        return (await look(() => true)) ?? new Set();
      },
      known: () =>
        look((marks) => replacements.every(({ next, expected }) => marks.get(next.id) !== expected)),
    });
  }

  /** One write. An insert whose key is taken throws, and what is there is looked at. */
  async #replace(
    next: SubscriberState,
    expected: string | undefined,
    session?: ClientSession,
  ): Promise<Written> {
    const options = session === undefined ? {} : { session };
    const document = documentOf(next);
    if (expected === undefined) {
      await this.#subscribers.insertOne(document, options);
      return { formerOwner: undefined };
    }
    const { _id, ...fields } = document;
    const former = await this.#subscribers.findOneAndReplace({ _id, mark: expected }, fields, {
      ...options,
      projection: { owner: 1 },
      returnDocument: 'before',
    });
    return former === null ? 'outdated' : { formerOwner: former.owner };
  }

  /** Whether a claim would certainly be taken back again. */
  async #isFull(next: SubscriberState, bounds: SubscriberBounds): Promise<boolean> {
    const isDetached = next.detachedAtMs !== undefined;
    const others = await this.#countOf(roomOf(next), next.id);
    return crowdedOut({ others, isDetached, isNew: true }, bounds) === 'limit-reached';
  }

  /** How many the owner has in a realm, but for one subscription. */
  async #countOf({ owner, realm }: Room, but?: SubscriberId): Promise<SubscriberBounds> {
    const isAttached = { $eq: [{ $type: '$detachedAtMs' }, 'missing'] };
    const counting = this.#subscribers.aggregate<SubscriberBounds>([
      { $match: { owner, realm, ...others(but) } },
      { $group: { _id: null, all: { $sum: 1 }, detached: { $sum: { $cond: [isAttached, 0, 1] } } } },
    ]);
    const [counted] = await this.#store.read(() => counting.toArray());
    return { all: counted?.all ?? 0, detached: counted?.detached ?? 0 };
  }

  /** Those that were left first; one that somebody comes back to meanwhile, or that another releases, is not. */
  async #releaseOldest(
    { owner, realm }: Room,
    count: number,
    but?: SubscriberId,
  ): Promise<SubscriberState[]> {
    const detached = { owner, realm, ...others(but), detachedAtMs: { $exists: true } };
    const oldest = this.#subscribers.find(detached).sort({ detachedAtMs: 1, _id: 1 }).limit(count);
    const released: SubscriberState[] = [];
    for (const document of await this.#store.read(() => oldest.toArray())) {
      if (await this.#delete(document._id, document.mark)) released.push(subscriberFrom(document));
    }
    return released;
  }

  #delete(id: SubscriberId, mark: string): Promise<boolean> {
    return decideWrite<boolean>(this.#store, {
      attempt: async () => (await this.#subscribers.deleteOne({ _id: id, mark })).deletedCount === 1,
      known: async () => undefined,
    });
  }
}
