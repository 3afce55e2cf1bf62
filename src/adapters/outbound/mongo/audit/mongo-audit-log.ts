import { type Collection, ObjectId } from 'mongodb';
import type { AuditEntry, AuditLog } from '../../../../application/ports/audit-log.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { ChainedRecord, ChainHead } from '../../../../domain/audit/audit-chain.ts';
import { type AuditRecord, auditText } from '../../../../domain/audit/audit-record.ts';
import { isConflict, isUnknownOutcome } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';
import { type AnchorDocument, AUDIT_ANCHORS } from './audit-documents.ts';
import type { ChainAppender } from './chain-appender.ts';
import { MongoAuditReader } from './mongo-audit-reader.ts';
import type { PendingMover } from './pending-mover.ts';

/** Hands on the records that acts have left elsewhere, such as in an account's outbox. */
export type HandOn = () => Promise<void>;

/**
 * The audit log of a fleet. Each process has a chain of its own, and all chains share one numbered log. What acts have
 * stored with themselves is chained before the log is read.
 */
export class MongoAuditLog implements AuditLog {
  readonly #store: MongoStore;
  readonly #anchors: Collection<AnchorDocument>;
  readonly #appender: ChainAppender;
  readonly #mover: PendingMover;
  readonly #reader: MongoAuditReader;
  readonly #nowMs: () => number;
  /** Ids under which records may be stored of which it was said that nobody knows. */
  readonly #doubtful = new WeakMap<AuditRecord, string[]>();
  readonly #sources: HandOn[] = [];

  constructor(store: MongoStore, appender: ChainAppender, mover: PendingMover, nowMs: () => number) {
    this.#store = store;
    this.#anchors = store.collection(AUDIT_ANCHORS);
    this.#appender = appender;
    this.#mover = mover;
    this.#reader = new MongoAuditReader(store);
    this.#nowMs = nowMs;
  }

  /** Has a source hand on what it has before the log is read. */
  readsAfter(source: HandOn): void {
    this.#sources.push(source);
  }

  /** A record of which nobody knew, given once more as the same object, is the same record. */
  async append(records: readonly AuditRecord[]): Promise<void> {
    const atMs = this.#nowMs();
    const acts = records.map((record) => ({
      id: this.#doubtful.get(record)?.shift() ?? new ObjectId().toHexString(),
      atMs,
      text: auditText(record),
    }));
    try {
      await this.#appender.append(acts);
    } catch (error) {
      if (isUnknownOutcome(error)) {
        records.forEach((record, place) => {
          const ids = this.#doubtful.get(record) ?? [];
          this.#doubtful.set(record, [...ids, acts[place]?.id ?? '']);
        });
      }
      throw error;
    }
  }

  /** What waits is chained first, so that the last anchor of a process that ends in order has all that it did. */
  async anchor(): Promise<ChainHead> {
    await this.#handOn();
    const anchor = await this.#appender.anchor();
    const { _id, ...rest } = anchor;
    try {
      await this.#store.write(() =>
        this.#anchors.updateOne({ _id, seq: { $lte: anchor.seq } }, { $set: rest }, { upsert: true }),
      );
    } catch (error) {
      // A later place is noted already.
      if (!isConflict(error)) throw error;
    }
    return { chain: _id, seq: anchor.seq, mac: anchor.head };
  }

  async read(query: {
    readonly afterCursor: number;
    readonly limit: number;
  }): Promise<readonly AuditEntry[]> {
    await this.#handOn();
    return this.#reader.read(query);
  }

  heads(limit: number): Promise<readonly ChainHead[]> {
    return this.#reader.heads(limit);
  }

  subscribe(listener: (record: ChainedRecord) => void): void {
    this.#appender.onStored(listener);
  }

  async #handOn(): Promise<void> {
    try {
      for (const source of this.#sources) await source();
      await this.#mover.drain();
    } catch (error) {
      if (!isUnknownOutcome(error)) throw error;
      throw new PortError('unavailable', 'store', 'what waits for the audit log could not be chained', {
        cause: error,
      });
    }
  }
}
