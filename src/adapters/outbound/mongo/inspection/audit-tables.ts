import type { AuditEntry } from '../../../../application/ports/audit-log.ts';
import type { Page, Seen } from '../../../../application/ports/store-inspection.ts';
import type { ChainAnchor } from '../../../../domain/audit/audit-chain.ts';
import type { PendingAct } from '../../../../domain/audit/pending-act.ts';
import { ACCOUNTS, type AccountDocument } from '../accounting/ledger-documents.ts';
import {
  type AnchorDocument,
  AUDIT_ANCHORS,
  AUDIT_LOG,
  AUDIT_PENDING,
  anchorFrom,
  auditEntriesFrom,
  type LogDocument,
  type PendingAuditDocument,
} from '../audit/audit-documents.ts';
import { inLists, type Moment, pagesOf, seenAs } from './moment.ts';

/** Records that are looked at together. */
const RECORDS_AT_ONCE = 500;

/** The audit log of a fleet: the chains of all processes, and what waits to be chained. */
export class AuditTables {
  readonly #moment: Moment;

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  records(): AsyncIterable<Page<AuditEntry>> {
    const documents = this.#moment.find<LogDocument>(AUDIT_LOG, {}, { sort: { _id: 1 } });
    return inLists(entriesOf(documents), RECORDS_AT_ONCE);
  }

  /** What waits where the act was a transaction, and in the accounts whose acts were one write. */
  async *pending(): AsyncGenerator<Page<PendingAct>> {
    yield* pagesOf(this.#moment.find<PendingAuditDocument>(AUDIT_PENDING, {}), (pending) =>
      pendingSeen(`audit_pending/${pending._id}`, pending),
    );
    const accounts = this.#moment.find<AccountDocument>(
      ACCOUNTS,
      { 'outbox.audit.0': { $exists: true } },
      { projection: { outbox: 1 } },
    );
    for await (const { _id, outbox } of accounts) {
      const audit = outbox.flatMap((item) => item.audit ?? []);
      yield audit.map((pending) => pendingSeen(`accounts/${_id}`, pending));
    }
  }

  /** Where chains were last seen to stand; one that was never looked at since, where it stood at its begin. */
  async *anchors(): AsyncGenerator<Page<ChainAnchor>> {
    const anchors = new Map<string, AnchorDocument>();
    for await (const anchor of this.#moment.find<AnchorDocument>(AUDIT_ANCHORS, {})) {
      anchors.set(anchor._id, anchor);
    }
    const projection = { chain: 1, begins: 1 } as const;
    for await (const { chain, begins } of this.#moment.find<LogDocument>(
      AUDIT_LOG,
      { seq: 1 },
      { projection },
    )) {
      if (begins !== undefined && !anchors.has(chain)) anchors.set(chain, { _id: chain, ...begins });
    }
    yield [...anchors.values()].map((anchor) =>
      seenAs(`audit_anchors/${anchor._id}`, () => anchorFrom(anchor)),
    );
  }
}

const pendingSeen = (row: string, { _id: id, atMs, text, mac }: PendingAuditDocument): Seen<PendingAct> =>
  seenAs(row, () => {
    if (typeof text !== 'string' || typeof mac !== 'string') throw new Error('it has no text, or no code');
    return { id, atMs, text, mac };
  });

async function* entriesOf(documents: AsyncIterable<LogDocument>): AsyncGenerator<Seen<AuditEntry>> {
  for await (const document of documents) {
    let entries: readonly AuditEntry[];
    try {
      entries = auditEntriesFrom(document);
    } catch {
      yield { row: `audit_records/${document._id}`, unreadable: 'it has no entries' };
      continue;
    }
    for (const value of entries) yield { row: `audit_records/${value.cursor}`, value };
  }
}
