import type { Collection } from 'mongodb';
import type { AuditEntry, AuditReader } from '../../../../application/ports/audit-log.ts';
import type { ChainHead } from '../../../../domain/audit/audit-chain.ts';
import type { MongoStore } from '../mongo-store.ts';
import { AUDIT_LOG, auditEntriesFrom, headAfter, type LogDocument, numberAt } from './audit-documents.ts';

/** What the chains of the fleet have; what waits to be chained is not here yet. */
export class MongoAuditReader implements AuditReader {
  readonly #store: MongoStore;
  readonly #documents: Collection<LogDocument>;

  constructor(store: MongoStore) {
    this.#store = store;
    this.#documents = store.collection(AUDIT_LOG);
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
}
