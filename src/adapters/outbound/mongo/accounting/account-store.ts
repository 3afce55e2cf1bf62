import type { Collection, UpdateFilter } from 'mongodb';
import { BoundedMap } from '../../../../domain/bounded-map.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { isConflict, isUnknownOutcome } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';
import { AccountUpdates, type Written } from './account-updates.ts';
import { type AccountWork, KEPT_WRITERS } from './account-work.ts';
import { ACCOUNTS, type AccountDocument, emptyDocument } from './ledger-documents.ts';

/** Most accounts that are remembered here. */
const MAX_REMEMBERED = 1_000;

/**
 * The documents of accounts. One that is remembered may be out of date: a write that rests on it will tell, and whatever
 * is not written must rest on one that was read.
 */
export class AccountStore {
  readonly #store: MongoStore;
  readonly #documents: Collection<AccountDocument>;
  readonly #updates: AccountUpdates;
  readonly #remembered = new BoundedMap<UserId, AccountDocument>(MAX_REMEMBERED);

  constructor(store: MongoStore) {
    this.#store = store;
    this.#documents = store.collection(ACCOUNTS);
    this.#updates = new AccountUpdates(store, this.#documents);
  }

  /** The account as it was when this process last saw it. */
  remembered(userId: UserId): AccountDocument | undefined {
    return this.#remembered.get(userId);
  }

  /** The account as a majority has it. @throws PortError. */
  async read(userId: UserId): Promise<AccountDocument> {
    const found = await this.#store.read(() => this.#documents.findOne({ _id: userId }));
    return found ?? emptyDocument(userId);
  }

  /**
   * Stores what was decided on an account, unless it has changed since it was read.
   *
   * @throws PortError `unavailable`: nothing was written.
   */
  async write(work: AccountWork, writer: string): Promise<Written> {
    const { _id, version } = work.base;
    const next = work.document(writer);
    this.#remembered.delete(_id);
    const written =
      version === 0
        ? await this.#insert(next)
        : await this.#updates.update({ _id, version, writer, changes: changesOf(work, next, writer) });
    if (written === 'written') this.remember(next);
    return written;
  }

  async #insert(first: AccountDocument): Promise<Written> {
    try {
      await this.#store.write(() => this.#documents.insertOne(first));
      return 'written';
    } catch (error) {
      if (isConflict(error)) return 'conflict';
      if (isUnknownOutcome(error)) return 'unknown';
      throw error;
    }
  }

  remember(document: AccountDocument): void {
    this.#remembered.set(document._id, document);
  }

  /** Notes how far an account's outbox has been handed on. */
  handedOn(userId: UserId, seq: number): void {
    const own = this.#remembered.get(userId);
    if (own === undefined) return;
    this.#remembered.set(userId, { ...own, outbox: own.outbox.filter((item) => item.seq > seq) });
  }
}

/** Only what differs is sent. */
function changesOf(
  { base, items }: AccountWork,
  next: AccountDocument,
  writer: string,
): UpdateFilter<AccountDocument> {
  const { version, sums, nextDueAtMs, nextLapseAtMs, outboxTail } = next;
  const set: Record<string, unknown> = { version, sums, nextDueAtMs, nextLapseAtMs };
  const unset: Record<string, ''> = {};
  for (const field of ['grants', 'holds', 'scales'] as const) {
    for (const [key, value] of Object.entries(next[field])) {
      if (base[field][key] !== value) set[`${field}.${key}`] = value;
    }
    for (const key of Object.keys(base[field])) {
      if (!(key in next[field])) unset[`${field}.${key}`] = '';
    }
  }
  const push: Record<string, unknown> = { writers: { $each: [writer], $slice: -KEPT_WRITERS } };
  if (items.length > 0) {
    Object.assign(set, { outboxTail, pending: true });
    push.outbox = { $each: items };
  }
  return {
    $set: set,
    $push: push,
    ...(Object.keys(unset).length === 0 ? {} : { $unset: unset }),
  } as UpdateFilter<AccountDocument>;
}
