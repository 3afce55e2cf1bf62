import type { ChainedRecord, ChainHead } from '../../domain/audit/audit-chain.ts';
import type { AuditRecord } from '../../domain/audit/audit-record.ts';

/** A record of the log with its place among all chains. */
export interface AuditEntry extends ChainedRecord {
  /** Counts up in the order of commits, and never repeats. */
  readonly cursor: number;
}

/** Reads the audit log of a store. */
export interface AuditReader {
  /** Records after a cursor, oldest first. */
  read(query: { readonly afterCursor: number; readonly limit: number }): Promise<readonly AuditEntry[]>;
  /** Where the chains stand that were begun last, newest first. */
  heads(limit: number): Promise<readonly ChainHead[]>;
}

/**
 * The audit log of a store: append-only, one chain of records for each time that a writer started. The repositories
 * that take `audit` append to it in their own transactions, each record chained to the one before it.
 */
export interface AuditLog extends AuditReader {
  /**
   * Appends records in one durable write, all or none; at most `MAX_RECORDS_AT_ONCE`.
   *
   * @throws PortError `unavailable` when nothing was written, `timeout` when that is unknown.
   */
  append(records: readonly AuditRecord[]): Promise<void>;
  /**
   * Stores, beside the records, where this writer's chain stands, and returns it. Begins the chain if nothing was
   * recorded yet.
   *
   * @throws PortError as `append` does.
   */
  anchor(): Promise<ChainHead>;
  /** Hears every record of this writer as soon as it is committed, in their order. */
  subscribe(listener: (record: ChainedRecord) => void): void;
}
