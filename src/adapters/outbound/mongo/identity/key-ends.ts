import { type ClientSession, ObjectId } from 'mongodb';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { ApiKeyId, UserId } from '../../../../domain/identity/ids.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import { decideOnce } from './decide-once.ts';
import type { IdentityCollections } from './identity-collections.ts';
import { liveKeys } from './identity-documents.ts';
import type { RevocationAppender } from './revocation-appender.ts';

/** The ends of API keys. Each is one transaction with its entry in the revocation log and its records. */
export class KeyEnds {
  readonly #store: MongoStore;
  readonly #in: IdentityCollections;
  readonly #revocations: RevocationAppender;
  readonly #recordActs: RecordActs;

  constructor(
    store: MongoStore,
    collections: IdentityCollections,
    revocations: RevocationAppender,
    recordActs: RecordActs,
  ) {
    this.#store = store;
    this.#in = collections;
    this.#revocations = revocations;
    this.#recordActs = recordActs;
  }

  /** Ends a live key; false when it is none. */
  one(id: ApiKeyId, nowMs: number, audit?: readonly AuditRecord[]): Promise<boolean> {
    const { apiKeys } = this.#in;
    const mark = new ObjectId();
    return this.#revocations.ending(() =>
      decideOnce<boolean>(this.#store, {
        attempt: async (session) => {
          await this.#revocations.append([{ end: { apiKeyId: id }, atMs: nowMs }], session);
          const { matchedCount } = await apiKeys.updateOne(
            { _id: id, ...liveKeys(nowMs) },
            ended(nowMs, mark),
            { session },
          );
          if (matchedCount === 0) return false;
          if (audit !== undefined) await this.#recordActs(audit, session);
          return true;
        },
        keeps: (isEnded) => isEnded,
        known: async (session) => {
          const there = await apiKeys.findOne({ _id: id }, session && { session });
          return there?.open === undefined ? there?.ending?.equals(mark) === true : undefined;
        },
      }),
    );
  }

  /** Ends all live keys of a user in a transaction of its own, and gives them. */
  all(userId: UserId, nowMs: number): Promise<ApiKeyId[]> {
    const mark = new ObjectId();
    return this.#revocations.ending(() =>
      decideOnce<ApiKeyId[]>(this.#store, {
        attempt: async (session) => {
          await this.#revocations.take(session);
          const ids = await this.allIn(userId, { nowMs, mark }, session);
          const ends = ids.map((apiKeyId) => ({ end: { apiKeyId }, atMs: nowMs }));
          await this.#revocations.append(ends, session);
          return ids;
        },
        keeps: (ids) => ids.length > 0,
        known: async (session) => {
          const within = session === undefined ? {} : { session };
          const mine = this.#in.apiKeys.find({ ending: mark }, within);
          const ids = (await mine.toArray()).map(({ _id }) => _id);
          // Where there was nothing to end, nothing was stored, and it may be done again.
          return ids.length === 0 ? undefined : ids;
        },
      }),
    );
  }

  /** Ends all live keys of a user within a transaction; whoever calls appends their ends to the log. */
  async allIn(
    userId: UserId,
    { nowMs, mark }: { readonly nowMs: number; readonly mark: ObjectId },
    session: ClientSession,
  ): Promise<ApiKeyId[]> {
    const { apiKeys } = this.#in;
    const live = await apiKeys
      .find({ owner: userId, ...liveKeys(nowMs) }, { session, projection: { _id: 1 } })
      .toArray();
    const ids = live.map(({ _id }) => _id);
    if (ids.length > 0) await apiKeys.updateMany({ _id: { $in: ids } }, ended(nowMs, mark), { session });
    return ids;
  }
}

const ended = (nowMs: number, mark: ObjectId) =>
  ({ $set: { revokedAtMs: nowMs, endsAtMs: nowMs, ending: mark }, $unset: { open: true } }) as const;
