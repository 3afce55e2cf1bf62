import { type Collection, ObjectId } from 'mongodb';
import type { AuditReader } from '../../../../application/ports/audit-log.ts';
import { auditText } from '../../../../domain/audit/audit-record.ts';
import { awaitingChain } from '../../../../domain/audit/pending-act.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import type { ActOutbox } from './act-outbox.ts';
import { AUDIT_PENDING, type PendingAuditDocument, pendingDocument } from './audit-documents.ts';
import { ChainAppender } from './chain-appender.ts';
import type { ChainWriter } from './chain-end.ts';
import { MongoAuditLog } from './mongo-audit-log.ts';
import { PatientAuditReader } from './patient-audit-reader.ts';
import { PendingMover } from './pending-mover.ts';

/** Width of a record's number in its act's ids, so that their text order is their own. */
const PLACE_DIGITS = 4;

/** What records acts in one database, for one process. */
export interface AuditStore {
  readonly log: MongoAuditLog;
  /** For acts that are one transaction. */
  readonly recordActs: RecordActs;
  /** For acts that are one write of one document. */
  readonly outbox: ActOutbox;
  /** Chains what waits once more, if it can, and ends; what is left is any process's. */
  close(): Promise<void>;
}

/**
 * Opens the audit log of a fleet, and chains from now on what acts have stored with themselves, on this node or another.
 *
 * @param onFailure hears, once, that what waits cannot be chained, and will be later.
 */
export function openAuditStore(
  store: MongoStore,
  writer: ChainWriter,
  nowMs: () => number,
  onFailure: (error: unknown) => void = () => {},
): AuditStore {
  const appender = new ChainAppender(store, writer, nowMs);
  const mover = new PendingMover(store, appender, writer.keys, nowMs);
  mover.onFailure = onFailure;
  mover.start();
  const pending: Collection<PendingAuditDocument> = store.collection(AUDIT_PENDING);
  const outbox = outboxOf(writer, mover);
  return {
    log: new MongoAuditLog(store, appender, mover, nowMs),
    recordActs: async (records, session) => {
      if (records.length === 0) return;
      const signed = outbox.sign(new ObjectId().toHexString(), nowMs(), records);
      await pending.insertMany([...signed], { session });
      // It is not committed yet; what comes after the next look is found by the one after it.
      mover.touch();
    },
    outbox,
    close: () => mover.close(),
  };
}

/** The audit log of a fleet for those who only read it. */
export const openAuditReader = (store: MongoStore): AuditReader => new PatientAuditReader(store);

function outboxOf(writer: ChainWriter, mover: PendingMover): ActOutbox {
  return {
    sign: (act, atMs, records) =>
      records.map((record, place) => {
        const id = `${act}:${String(place).padStart(PLACE_DIGITS, '0')}`;
        return pendingDocument(awaitingChain({ id, atMs, text: auditText(record) }, writer.keys[0]));
      }),
    arrived: () => mover.touch(),
  };
}
