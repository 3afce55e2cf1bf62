import type { Collection } from 'mongodb';
import type { AuditEntry, AuditReader } from '../../../../application/ports/audit-log.ts';
import type { ChainAnchor, ChainHead } from '../../../../domain/audit/audit-chain.ts';
import type { MongoStore } from '../mongo-store.ts';
import {
  type AnchorDocument,
  AUDIT_ANCHORS,
  AUDIT_LOG,
  anchorFrom,
  auditEntriesFrom,
  headAfter,
  type LogDocument,
  numberAt,
} from './audit-documents.ts';

/** What the chains of the fleet have; what waits to be chained is not here yet. */
export class MongoAuditReader implements AuditReader {
  readonly #store: MongoStore;
  readonly #documents: Collection<LogDocument>;
  readonly #anchors: Collection<AnchorDocument>;

  constructor(store: MongoStore) {
    this.#store = store;
    this.#documents = store.collection(AUDIT_LOG);
    this.#anchors = store.collection(AUDIT_ANCHORS);
  }

  read(query: { readonly afterCursor: number; readonly limit: number }): Promise<readonly AuditEntry[]> {
    const { afterCursor, limit } = query;
    return this.#store.read(async () => {
      const entries: AuditEntry[] = [];
      // The document of the cursor itself may have nothing after it.
      const from = this.#documents.find(
        { _id: { $gte: numberAt(afterCursor) } },
        { sort: { _id: 1 }, limit: limit + 1 },
      );
      for await (const document of from) {
        entries.push(...auditEntriesFrom(document).filter(({ cursor }) => cursor > afterCursor));
        if (entries.length >= limit) break;
      }
      return entries.slice(0, limit);
    });
  }

  heads(limit: number): Promise<readonly ChainHead[]> {
    return this.#store.read(async () => {
      const begun = await this.#documents
        .find({ seq: 1 }, { sort: { _id: -1 }, limit, projection: { chain: 1 } })
        .toArray();
      const ends = await Promise.all(
        begun.map(({ chain }) => this.#documents.findOne({ chain }, { sort: { seq: -1 } })),
      );
      return ends
        .filter((end) => end !== null)
        .sort((left, right) => right._id - left._id)
        .map(headAfter);
    });
  }

  /**
   * Where the chains were last seen to stand. Whoever compares them with the log reads them first: the log only grows.
   *
   * @throws PortError `unavailable`.
   */
  anchors(): Promise<readonly ChainAnchor[]> {
    return this.#store.read(async () => {
      const stored = await this.#anchors.find().toArray();
      const anchors = new Map(stored.map((anchor) => [anchor._id, anchorFrom(anchor)]));
      const begun = this.#documents.find({ seq: 1 }, { projection: { chain: 1, begins: 1 } });
      for await (const { chain, begins } of begun) {
        if (begins === undefined || anchors.has(chain)) continue;
        anchors.set(chain, anchorFrom({ _id: chain, ...begins }));
      }
      return [...anchors.values()];
    });
  }
}
