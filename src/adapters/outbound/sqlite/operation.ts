import type { ChainHead } from '../../../domain/audit/audit-chain.ts';
import type { AuditRecord } from '../../../domain/audit/audit-record.ts';
import type { Connection } from './connection.ts';

/** What an operation sees of the one writing connection: statements, prepared once. */
export type WriterDatabase = Pick<Connection, 'prepare'>;

/** The transaction that an operation runs in. */
export interface Transaction extends WriterDatabase {
  /** Appends to the audit log within the operation: the records are there if and only if what it wrote is. */
  audit(records: readonly AuditRecord[] | undefined): void;
  /** Stores where the audit chain stands, and returns it. */
  anchorAudit(): ChainHead;
}

/**
 * One write, as a synchronous function that runs on the writer's thread inside the transaction of its batch.
 * Input and output are plain data (they cross threads by structured clone). When it throws, what it wrote is
 * rolled back and nothing else of the batch is; a DomainError is thrown again where the write was asked for.
 */
export type Operation<In, Out> = (db: Transaction, input: In) => Out;

/** Operations by name. Names are `feature.verb`, such as `streaming.seal`. */
// biome-ignore lint/suspicious/noExplicitAny: each operation's own signature is what its adapter calls it with.
export type OperationSet = Readonly<Record<string, Operation<any, unknown>>>;

/**
 * `full`: on the disk when the write resolves, and everything committed before it too. `normal`: durable against
 * a crash of the process; a power cut may take what came after the last `full` write.
 */
export type Durability = 'full' | 'normal';
