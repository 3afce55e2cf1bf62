import type { ChainedRecord } from '../../../domain/audit/audit-chain.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import type { AuditChainWriter } from './audit/audit-chain-writer.ts';
import type { Ballast } from './ballast.ts';
import type { Connection } from './connection.ts';
import type { Durability, OperationSet, Transaction } from './operation.ts';
import { isDiskFull, storageFault } from './store-fault.ts';
import type { WriteBatch, WriteRequest, WriteResult } from './writer-messages.ts';

const NO_BALLAST: WriteResult = {
  kind: 'fault',
  message: 'the disk is full: only ends of streams and holds are written',
};

/**
 * Carries out batches of writes on the one writing connection: one transaction a batch, one savepoint an
 * operation. A batch whose storage fails is rolled back whole; when the disk is full, the ballast makes room
 * for its essential operations, which are tried once more.
 */
export class Writer {
  readonly #db: Connection;
  readonly #operations: OperationSet;
  readonly #ballast: Ballast;
  readonly #audit: AuditChainWriter;
  readonly #transaction: Transaction;
  #durability: Durability | undefined;

  constructor(db: Connection, operations: OperationSet, ballast: Ballast, audit: AuditChainWriter) {
    this.#db = db;
    this.#operations = operations;
    this.#ballast = ballast;
    this.#audit = audit;
    this.#transaction = {
      prepare: (sql) => db.prepare(sql),
      audit: (records = []) => audit.append(records),
      anchorAudit: () => audit.anchor(),
    };
  }

  /** What the last batch has appended to the audit log. */
  get audited(): readonly ChainedRecord[] {
    return this.#audit.appended;
  }

  /** One result for each request, in order. Never throws for what a request or the storage does. */
  carryOut({ requests, durability, atMs }: WriteBatch): WriteResult[] {
    this.#audit.begin(atMs);
    const ample = this.#ballast.ensure();
    const admitted = requests.filter((request) => ample || request.essential);
    const results = this.#attempt(admitted, durability);
    if (admitted.length === requests.length) return results;
    const next = results.values();
    return requests.map(({ essential }) => (essential ? (next.next().value ?? NO_BALLAST) : NO_BALLAST));
  }

  #attempt(requests: readonly WriteRequest[], durability: Durability): WriteResult[] {
    try {
      return this.#transact(requests, durability);
    } catch (error) {
      const essential = requests.filter((request) => request.essential);
      if (!isDiskFull(error) || essential.length === 0) return requests.map(() => faultOf(error));
      this.#ballast.free();
      const rescued = this.#retry(essential, durability).values();
      return requests.map((request) =>
        request.essential ? (rescued.next().value ?? faultOf(error)) : faultOf(error),
      );
    }
  }

  #retry(requests: readonly WriteRequest[], durability: Durability): WriteResult[] {
    try {
      return this.#transact(requests, durability);
    } catch (error) {
      return requests.map(() => faultOf(error));
    }
  }

  #transact(requests: readonly WriteRequest[], durability: Durability): WriteResult[] {
    if (requests.length === 0) return [];
    // A rollback that failed with the storage is made up for before anything else is written.
    if (this.#db.inTransaction) this.#db.prepare('ROLLBACK').run();
    this.#synchronise(durability);
    this.#db.prepare('BEGIN IMMEDIATE').run();
    const chain = this.#audit.mark();
    try {
      const results = requests.map((request) => this.#run(request));
      this.#db.prepare('COMMIT').run();
      return results;
    } catch (error) {
      // SQLite rolls back by itself on some faults of the storage.
      this.#audit.rollBackTo(chain);
      if (this.#db.inTransaction) this.#db.prepare('ROLLBACK').run();
      throw error;
    }
  }

  #run({ operation, input }: WriteRequest): WriteResult {
    const run = this.#operations[operation];
    if (run === undefined) return brokenBy(new Error(`there is no operation ${operation}`));
    this.#db.prepare('SAVEPOINT operation').run();
    const chain = this.#audit.mark();
    try {
      const value = run(this.#transaction, input);
      this.#db.prepare('RELEASE operation').run();
      return { kind: 'done', value };
    } catch (error) {
      if (storageFault(error) !== undefined) throw error;
      this.#audit.rollBackTo(chain);
      this.#db.prepare('ROLLBACK TO operation').run();
      this.#db.prepare('RELEASE operation').run();
      return error instanceof DomainError
        ? { kind: 'refused', code: error.code, message: error.message, details: error.details }
        : brokenBy(error);
    }
  }

  /** Between transactions only; SQLite obeys this pragma when it compiles it, so it is never kept prepared. */
  #synchronise(durability: Durability): void {
    if (durability === this.#durability) return;
    this.#db.exec(durability === 'full' ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL');
    this.#durability = durability;
  }
}

function faultOf(error: unknown): WriteResult {
  const message = storageFault(error);
  return message === undefined ? brokenBy(error) : { kind: 'fault', message };
}

function brokenBy(error: unknown): WriteResult {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'broken', message, stack };
}
