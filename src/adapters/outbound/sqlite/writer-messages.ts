import type { ChainedRecord } from '../../../domain/audit/audit-chain.ts';
import type { DomainErrorCode, DomainErrorDetails } from '../../../domain/domain-error.ts';
import type { AuditWriter } from './audit/audit-chain-writer.ts';
import type { Durability } from './operation.ts';

/** One write of a batch. */
export interface WriteRequest {
  readonly operation: string;
  readonly input: unknown;
  /** Must succeed on a full disk: it ends a stream or closes a hold. */
  readonly essential: boolean;
}

/** What the store sends to the writer: one transaction. */
export interface WriteBatch {
  readonly kind: 'batch';
  readonly requests: readonly WriteRequest[];
  readonly durability: Durability;
  /** When the transaction was formed, in Unix milliseconds: the time of what it records in the audit log. */
  readonly atMs: number;
  /** Move what is left of the write-ahead log into the file before this batch, so that it starts the log over. */
  readonly checkpoint: boolean;
}

/** What became of one write. `fault`: the storage failed and nothing of it was written. */
export type WriteResult =
  | { readonly kind: 'done'; readonly value: unknown }
  | {
      readonly kind: 'refused';
      readonly code: DomainErrorCode;
      readonly message: string;
      readonly details: DomainErrorDetails;
    }
  | { readonly kind: 'broken'; readonly message: string; readonly stack: string }
  | { readonly kind: 'fault'; readonly message: string };

/** What a worker of the store says. */
export type WriterReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'cannot-start'; readonly message: string }
  /**
   * `audited`: what the transaction has appended to the audit log. `logPages`: how long the write-ahead log is, in
   * pages of 4 KiB.
   */
  | {
      readonly kind: 'batch-done';
      readonly results: readonly WriteResult[];
      readonly audited: readonly ChainedRecord[];
      readonly logPages: number;
    }
  | { readonly kind: 'checkpointed' };

/** What the store says to a worker besides batches. */
export type WorkerOrder = WriteBatch | { readonly kind: 'checkpoint' } | { readonly kind: 'close' };

/** What a worker is started with. */
export interface WorkerFiles {
  readonly databasePath: string;
  readonly ballastPath: string;
  /** Undefined for a store that records no acts. */
  readonly audit?: AuditWriter;
}
