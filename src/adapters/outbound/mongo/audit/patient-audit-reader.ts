import { setTimeout as pause } from 'node:timers/promises';
import type { Collection } from 'mongodb';
import type { AuditEntry, AuditReader } from '../../../../application/ports/audit-log.ts';
import type { ChainHead } from '../../../../domain/audit/audit-chain.ts';
import type { MongoStore } from '../mongo-store.ts';
import { AUDIT_PENDING, type PendingAuditDocument } from './audit-documents.ts';
import { MongoAuditReader } from './mongo-audit-reader.ts';

/** Longest wait for the nodes to chain what waits, in milliseconds; one of them looks every two seconds. */
const PATIENCE_MS = 3_000;
/** Rest between two looks, in milliseconds. */
const LOOK_EVERY_MS = 100;

/**
 * The audit log of a fleet for those who cannot chain what waits: they wait until a node has, and are shown what there is
 * when no node does.
 */
export class PatientAuditReader implements AuditReader {
  readonly #store: MongoStore;
  readonly #pending: Collection<PendingAuditDocument>;
  readonly #reader: MongoAuditReader;

  constructor(store: MongoStore) {
    this.#store = store;
    this.#pending = store.collection(AUDIT_PENDING);
    this.#reader = new MongoAuditReader(store);
  }

  async read(query: {
    readonly afterCursor: number;
    readonly limit: number;
  }): Promise<readonly AuditEntry[]> {
    await this.#wait();
    return this.#reader.read(query);
  }

  heads(limit: number): Promise<readonly ChainHead[]> {
    return this.#reader.heads(limit);
  }

  /** Waits for what waits now, and not for what comes meanwhile: the newest of it is gone last. */
  async #wait(): Promise<void> {
    const untilMs = performance.now() + PATIENCE_MS;
    const newest = await this.#store.read(() =>
      this.#pending.findOne({}, { sort: { atMs: -1, _id: -1 }, projection: { _id: 1 } }),
    );
    if (newest === null) return;
    while (performance.now() < untilMs) {
      await pause(LOOK_EVERY_MS);
      const waiting = await this.#store.read(() => this.#pending.findOne({ _id: newest._id }));
      if (waiting === null) return;
    }
  }
}
