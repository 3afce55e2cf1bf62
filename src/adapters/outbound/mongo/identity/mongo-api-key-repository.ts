import type {
  ApiKeyRepository,
  KeyOwner,
} from '../../../../application/ports/identity/api-key-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import {
  type ApiKey,
  ENDED_KEY_KEPT_MS,
  KEY_USE_WRITTEN_EVERY_MS,
} from '../../../../domain/identity/api-key.ts';
import type { ApiKeyId, UserId } from '../../../../domain/identity/ids.ts';
import { decideWrite } from '../decide.ts';
import type { Lanes } from '../lanes.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import { decideOnce } from './decide-once.ts';
import { type IdentityCollections, meetAt } from './identity-collections.ts';
import { apiKeyDocument, apiKeyFrom, keysOf, liveKeys } from './identity-documents.ts';
import type { KeyEnds } from './key-ends.ts';

/** Most ended keys that the making of one forgets. */
const MAX_FORGOTTEN_AT_ONCE = 16;

/** API keys in MongoDB. Those that ended long ago are forgotten when others are made. */
export class MongoApiKeyRepository implements ApiKeyRepository {
  readonly #store: MongoStore;
  readonly #in: IdentityCollections;
  readonly #lanes: Lanes;
  readonly #ends: KeyEnds;
  readonly #recordActs: RecordActs;

  constructor(deps: {
    readonly store: MongoStore;
    readonly collections: IdentityCollections;
    readonly lanes: Lanes;
    readonly ends: KeyEnds;
    readonly recordActs: RecordActs;
  }) {
    this.#store = deps.store;
    this.#in = deps.collections;
    this.#lanes = deps.lanes;
    this.#ends = deps.ends;
    this.#recordActs = deps.recordActs;
  }

  async add(key: ApiKey, atMost: number, audit?: readonly AuditRecord[]): Promise<'added' | 'limit-reached'> {
    const { apiKeys } = this.#in;
    const document = apiKeyDocument(key);
    const { _id, owner, createdAtMs: nowMs } = document;
    await this.#store.write(() => this.#forgetEnded(nowMs));
    return this.#lanes.run(keysOf(owner), () =>
      decideOnce<'added' | 'limit-reached'>(this.#store, {
        attempt: async (session) => {
          // Whoever adds for this owner at the same time gives way here, so that both are counted.
          await meetAt(this.#in, keysOf(owner), session);
          const live = await apiKeys.countDocuments({ owner, ...liveKeys(nowMs) }, { session });
          if (live >= atMost) return 'limit-reached';
          await apiKeys.insertOne(document, { session });
          if (audit !== undefined) await this.#recordActs(audit, session);
          return 'added';
        },
        keeps: (outcome) => outcome === 'added',
        known: async (session) =>
          (await apiKeys.findOne({ _id }, session && { session })) === null ? undefined : 'added',
      }),
    );
  }

  async find(id: ApiKeyId): Promise<ApiKey | undefined> {
    const found = await this.#store.read(() => this.#in.apiKeys.findOne({ _id: id }));
    return found === null ? undefined : apiKeyFrom(found);
  }

  async touch(id: ApiKeyId, nowMs: number): Promise<void> {
    const isDue = [
      { lastUsedAtMs: { $exists: false } },
      { lastUsedAtMs: { $lte: nowMs - KEY_USE_WRITTEN_EVERY_MS } },
    ];
    await decideWrite(this.#store, {
      attempt: () =>
        this.#in.apiKeys.updateOne(
          { _id: id, revokedAtMs: { $exists: false }, $or: isDue },
          { $set: { lastUsedAtMs: nowMs } },
        ),
      // It may be done twice.
      known: async () => undefined,
    });
  }

  async revoke(id: ApiKeyId, nowMs: number, audit?: readonly AuditRecord[]): Promise<'revoked' | 'not-live'> {
    const live = { _id: id, ...liveKeys(nowMs) };
    if ((await this.#store.read(() => this.#in.apiKeys.findOne(live))) === null) return 'not-live';
    return (await this.#ends.one(id, nowMs, audit)) ? 'revoked' : 'not-live';
  }

  revokeAllOf(userId: UserId, nowMs: number): Promise<readonly ApiKeyId[]> {
    return this.#ends.all(userId, nowMs);
  }

  async listLive(
    owner: KeyOwner,
    nowMs: number,
    page?: { readonly offset: number; readonly limit: number },
  ): Promise<readonly ApiKey[]> {
    // To MongoDB a limit of 0 is none.
    if (page?.limit === 0) return [];
    const whose = owner === 'everybody' ? {} : { owner };
    const found = this.#in.apiKeys
      .find({ ...whose, ...liveKeys(nowMs) })
      .sort({ createdAtMs: -1, _id: -1 })
      .skip(page?.offset ?? 0)
      .limit(page?.limit ?? 0);
    return (await this.#store.read(() => found.toArray())).map(apiKeyFrom);
  }

  async #forgetEnded(nowMs: number): Promise<void> {
    const { apiKeys } = this.#in;
    const ended = await apiKeys
      .find(
        { endsAtMs: { $lte: nowMs - ENDED_KEY_KEPT_MS } },
        { projection: { _id: 1 }, limit: MAX_FORGOTTEN_AT_ONCE },
      )
      .toArray();
    if (ended.length > 0) await apiKeys.deleteMany({ _id: { $in: ended.map(({ _id }) => _id) } });
  }
}
