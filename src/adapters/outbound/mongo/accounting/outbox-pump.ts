import type { Collection, Document } from 'mongodb';
import { NOBODY } from '../../../../domain/accounting/credit-reservation.ts';
import { voidHold } from '../../../../domain/accounting/void-hold.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { AUDIT_PENDING, type PendingAuditDocument } from '../audit/audit-documents.ts';
import { insertMissing } from '../insert-missing.ts';
import { takenPlaces } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { JournalLog } from './journal-log.ts';
import {
  ACCOUNTS,
  type AccountDocument,
  GRANTS,
  type GrantDocument,
  type OutboxItem,
  RESERVATIONS,
  type ReservationDocument,
  USAGE,
  type UsageDocument,
} from './ledger-documents.ts';

/** Most accounts that are handed on at once. */
const BATCH_ACCOUNTS = 200;
/** How long what was stored may gather before it is handed on, in milliseconds; who reads it does not wait for that. */
const GATHER_MS = 200;
/** The lost confirmation of this write costs a repeat of what has no effect twice. */
const LAZY = { writeConcern: { w: 1 } } as const;

type Outbox = Pick<AccountDocument, '_id' | 'outbox'>;

/**
 * Hands on what accounts have to tell: to the journal, the usage records, the list of grants and the audit log. Any
 * number of nodes may hand the same things on: each arrives once, and an account's in its order.
 */
export class OutboxPump {
  readonly #store: MongoStore;
  readonly #journal: JournalLog;
  readonly #accounts: Collection<AccountDocument>;
  readonly #claims: Collection<ReservationDocument>;
  readonly #usage: Collection<UsageDocument>;
  readonly #grants: Collection<GrantDocument>;
  readonly #audit: Collection<PendingAuditDocument>;
  #touched = new Set<UserId>();
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** Hears how far an account's outbox has been handed on. */
  onHandedOn: (userId: UserId, seq: number) => void = () => {};
  /** Hears that audit records have come to where they wait for the audit log. */
  onAudit: () => void = () => {};
  /** Hears of what could not be handed on, and will be later. */
  onFailure: (error: unknown) => void = () => {};

  constructor(store: MongoStore, journal: JournalLog) {
    this.#store = store;
    this.#journal = journal;
    this.#accounts = store.collection(ACCOUNTS);
    this.#claims = store.collection(RESERVATIONS);
    this.#usage = store.collection(USAGE);
    this.#grants = store.collection(GRANTS);
    this.#audit = store.collection(AUDIT_PENDING);
  }

  /** Notes that an account has something to tell; `NOBODY`'s are the ids that were voided. */
  touch(userId: UserId): void {
    this.#touched.add(userId);
    this.#schedule();
  }

  /** Hands on everything that was stored before this call, by any node. @throws PortError. */
  drain(): Promise<void> {
    return this.#takeTurn(async () => {
      await this.#journalVoids();
      for (let after = '' as UserId; ; ) {
        const from = after;
        const found = await this.#store.read(() =>
          this.#accounts
            .find(
              { pending: true, _id: { $gt: from } },
              { projection: OUTBOX, sort: { _id: 1 }, limit: BATCH_ACCOUNTS },
            )
            .toArray(),
        );
        await this.#handOn(found);
        const last = found.at(-1);
        if (last === undefined || found.length < BATCH_ACCOUNTS) return;
        after = last._id;
      }
    });
  }

  /** Hands on what one account has to tell. @throws PortError. */
  drainAccount(userId: UserId): Promise<void> {
    return this.#takeTurn(() => this.#handOnOf([userId]));
  }

  /** Ends when what is under way has ended; the rest stays in the outboxes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#handOnTouched(), GATHER_MS).unref();
  }

  async #handOnTouched(): Promise<void> {
    const touched = [...this.#touched].slice(0, BATCH_ACCOUNTS);
    for (const userId of touched) this.#touched.delete(userId);
    try {
      await this.#takeTurn(async () => {
        if (touched.includes(NOBODY)) await this.#journalVoids();
        await this.#handOnOf(touched);
      });
    } catch (error) {
      // It stays in the accounts, marked as pending: the next drain, of this node or another, takes it along.
      this.onFailure(error);
    }
    this.#timer = undefined;
    if (this.#touched.size > 0) this.#schedule();
  }

  /** Lets one hand on at a time in this process: two would only meet each other's duplicate keys. */
  #takeTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #handOnOf(userIds: readonly UserId[]): Promise<void> {
    const found = await this.#store.read(() =>
      this.#accounts.find({ _id: { $in: [...userIds] }, pending: true }, { projection: OUTBOX }).toArray(),
    );
    await this.#handOn(found);
  }

  async #handOn(outboxes: readonly Outbox[]): Promise<void> {
    const items = outboxes.flatMap(({ _id, outbox }) => outbox.map((item) => ({ userId: _id, item })));
    await this.#journal.append(items.flatMap(({ item }) => item.entries));
    const audit = items.flatMap(({ item }) => item.audit ?? []);
    await this.#store.write(async () => {
      await insertMissing(
        this.#usage,
        items.flatMap(({ item }) => usageOf(item)),
      );
      await insertMissing(this.#audit, audit);
      await this.#listGrants(items);
    });
    if (audit.length > 0) this.onAudit();
    await this.#clear(outboxes);
  }

  /** Lists the last state that is told of each grant, all of them in one command. */
  async #listGrants(
    items: ReadonlyArray<{ readonly userId: UserId; readonly item: OutboxItem }>,
  ): Promise<void> {
    const last = new Map<string, Omit<GrantDocument, '_id'>>();
    for (const { userId, item } of items) {
      for (const grant of item.grants ?? []) last.set(grant.id, { userId, grant, seq: item.seq });
    }
    const upserts = [...last].map(([_id, listed]) => ({
      updateOne: { filter: { _id, seq: { $lt: listed.seq } }, update: { $set: listed }, upsert: true },
    }));
    if (upserts.length === 0) return;
    try {
      await this.#grants.bulkWrite(upserts, { ordered: false });
    } catch (error) {
      // What has its key already is listed in a later state, or in this one.
      if (takenPlaces(error, upserts.length) === undefined) throw error;
    }
  }

  /** Takes what was handed on out of the accounts; whatever came meanwhile stays, and stays pending. */
  async #clear(outboxes: readonly Outbox[]): Promise<void> {
    if (outboxes.length === 0) return;
    const ids = outboxes.map(({ _id }) => _id);
    const seqs = outboxes.map(({ outbox }) => outbox.at(-1)?.seq ?? 0);
    await this.#store.write(() =>
      this.#accounts.updateMany({ _id: { $in: ids } }, withoutThose(ids, seqs), LAZY),
    );
    for (const [place, userId] of ids.entries()) this.onHandedOn(userId, seqs[place] ?? 0);
  }

  async #journalVoids(): Promise<void> {
    const found = await this.#store.read(() =>
      this.#claims.find({ unjournaled: true }, { limit: BATCH_ACCOUNTS }).toArray(),
    );
    if (found.length === 0) return;
    await this.#journal.append(found.map(({ _id, openedAtMs }) => voidHold(_id, openedAtMs).entry));
    const ids = found.map(({ _id }) => _id);
    await this.#store.write(() =>
      this.#claims.updateMany({ _id: { $in: ids } }, { $unset: { unjournaled: true } }),
    );
    if (found.length === BATCH_ACCOUNTS) await this.#journalVoids();
  }
}

const OUTBOX = { outbox: 1 } as const;

/**
 * Leaves each account what came after the last item of it that was handed on. One statement says it of them all, and each
 * account is still changed by itself: one for each of them would be a commit for each.
 */
function withoutThose(ids: readonly UserId[], seqs: readonly number[]): Document[] {
  // An id may begin with a dollar, and would be the name of a field.
  const ownSeq = { $arrayElemAt: [{ $literal: seqs }, { $indexOfArray: [{ $literal: ids }, '$_id'] }] };
  const later = { $filter: { input: '$outbox', as: 'item', cond: { $gt: ['$$item.seq', ownSeq] } } };
  return [{ $set: { outbox: later } }, { $set: { pending: { $ne: ['$outbox', []] } } }];
}

function usageOf({ usage }: OutboxItem): UsageDocument[] {
  if (usage === undefined) return [];
  const { id: _id, ...record } = usage;
  return [{ _id, ...record }];
}
