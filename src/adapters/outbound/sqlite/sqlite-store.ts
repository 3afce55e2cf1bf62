import { PortError } from '../../../application/ports/port-error.ts';
import type { ChainedRecord } from '../../../domain/audit/audit-chain.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import { InvariantViolation } from '../../../domain/invariant.ts';
import type { AuditWriter } from './audit/audit-chain-writer.ts';
import { Connection } from './connection.ts';
import { DataFolder } from './data-folder.ts';
import type { Durability } from './operation.ts';
import { storageFault } from './store-fault.ts';
import { StoreWorker, workerEntry } from './store-worker.ts';
import type { WorkerFiles, WriteRequest, WriteResult, WriterReport } from './writer-messages.ts';

/** Most writes that wait for a transaction; more are refused as `unavailable`. */
const MAX_WAITING_WRITES = 20_000;
/** Most operations of one transaction. */
const MAX_BATCH_OPERATIONS = 1_000;
/** A checkpoint is asked for when the write-ahead log has grown by so many pages of 4 KiB. */
const CHECKPOINT_EVERY_PAGES = 1_000;
/** A log longer than this is started over by the writer, once the other connection has moved most of it. */
const LONG_LOG_PAGES = 4_096;
/** At this length of the log writes wait for the checkpoint under way, so that a slow disk cannot make it grow for ever. */
const MAX_LOG_PAGES = 65_536;

/** Whether a write must succeed on a full disk: it ends a stream or closes a hold. */
export type WriteNeed = 'ordinary' | 'essential';

interface WaitingWrite {
  readonly operation: string;
  readonly input: () => unknown;
  readonly durability: Durability;
  readonly need: WriteNeed;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The embedded store: one database file, one writing connection on a thread of its own, one reading connection
 * here. Writes are committed in groups: what is asked for while a transaction is under way goes into the next
 * one. A read sees everything that was acknowledged before it.
 */
export class SqliteStore {
  readonly #folder: DataFolder;
  readonly #writer: StoreWorker;
  readonly #checkpointer: StoreWorker;
  readonly #reader: Connection;
  #waiting: WaitingWrite[] = [];
  #underway: readonly WaitingWrite[] | undefined;
  #scheduled = false;
  #logPages = 0;
  #checkpointedPages = 0;
  #checkpointing = false;
  /** A long log has been moved but for its last pages: the writer moves these and starts the log over. */
  #startLogOver = false;
  #closed: Error | undefined;
  readonly #lost = Promise.withResolvers<Error>();
  #onIdle: (() => void) | undefined;
  #addition: Pick<WaitingWrite, 'operation' | 'input'> | undefined;
  #nowMs: () => number = () => 0;
  /** Hears what each transaction has appended to the audit log, once it is committed. */
  onAudited: (record: ChainedRecord) => void = () => {};

  private constructor(folder: DataFolder, writer: StoreWorker, checkpointer: StoreWorker) {
    this.#folder = folder;
    this.#writer = writer;
    this.#checkpointer = checkpointer;
    this.#reader = new Connection(folder.databasePath, { readOnly: true });
    writer.onReport = (report) => this.#heard(report);
    checkpointer.onReport = (report) => this.#heard(report);
    writer.onDeath = (cause) => this.#died(cause);
    checkpointer.onDeath = (cause) => this.#died(cause);
  }

  /**
   * Claims the data folder, brings its schema up to date and starts the threads. `writerEntry` is the writer
   * thread's file; tests bring one with operations of their own. `audit` is asked once the folder is claimed; without
   * it no act can be recorded.
   *
   * @throws DataFolderRefused when the folder is taken or readable by others; Error with a sentence when the
   *   file cannot be used, such as one of a newer schema.
   */
  static async open(
    dataDir: string,
    writerEntry: URL = workerEntry('writer-worker'),
    audit: () => AuditWriter | undefined = () => undefined,
  ): Promise<SqliteStore> {
    const folder = DataFolder.claim(dataDir);
    const files = filesOf(folder, audit);
    const [writer, checkpointer] = await Promise.allSettled([
      StoreWorker.start(writerEntry, files),
      StoreWorker.start(workerEntry('checkpoint-worker'), files),
    ]);
    if (writer.status === 'fulfilled' && checkpointer.status === 'fulfilled') {
      return new SqliteStore(folder, writer.value, checkpointer.value);
    }
    for (const worker of [writer, checkpointer]) {
      if (worker.status === 'fulfilled') await worker.value.close();
    }
    folder.release();
    throw writer.status === 'rejected' ? writer.reason : (checkpointer as PromiseRejectedResult).reason;
  }

  /** Resolves with the cause when a thread of the store has died: nothing will be read or written here any more. */
  get lost(): Promise<Error> {
    return this.#lost.promise;
  }

  /**
   * Carries out an operation in the next transaction and resolves with its output when it is durable.
   *
   * @throws DomainError that the operation threw. PortError `unavailable` when nothing was written: the storage
   *   failed or the queue is full; `timeout` when the writer died meanwhile. InvariantViolation when the
   *   operation itself is wrong.
   */
  write<Out>(
    operation: string,
    input: unknown,
    durability: Durability,
    need: WriteNeed = 'ordinary',
  ): Promise<Out> {
    return this.writeLate<Out>(operation, () => input, durability, need);
  }

  /** Like `write`, but asks for the input when the transaction is formed, so that it can gather until then. */
  writeLate<Out>(
    operation: string,
    input: () => unknown,
    durability: Durability,
    need: WriteNeed = 'ordinary',
  ): Promise<Out> {
    return new Promise<unknown>((resolve, reject) => {
      if (this.#closed !== undefined) return reject(unavailable('the store is closed', this.#closed));
      if (this.#waiting.length >= MAX_WAITING_WRITES)
        return reject(unavailable('too many writes are waiting'));
      this.#waiting.push({ operation, input, durability, need, resolve, reject });
      this.#schedule();
    }) as Promise<Out>;
  }

  /** Tells transactions the time from now on. */
  keepTime(nowMs: () => number): void {
    this.#nowMs = nowMs;
  }

  /** Carries out this operation too, last in every transaction that is formed. What becomes of it is not told. */
  addToEveryTransaction(operation: string, input: () => unknown): void {
    this.#addition = { operation, input };
  }

  /**
   * Reads through the connection of this thread: point reads and bounded pages only, since it blocks.
   *
   * @throws PortError `unavailable` when the file cannot be read.
   */
  async read<Out>(query: (db: Pick<Connection, 'prepare'>) => Out): Promise<Out> {
    if (this.#closed !== undefined) throw unavailable('the store is closed', this.#closed);
    try {
      return query(this.#reader);
    } catch (error) {
      const fault = storageFault(error);
      throw fault === undefined ? error : unavailable(fault, error);
    }
  }

  /** Finishes what was asked for, moves the log into the file, and gives up the folder. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed !== undefined) return;
    if (this.#underway !== undefined || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    if (this.#closed !== undefined) return;
    this.#closed = new Error('the store was closed');
    this.#reader.close();
    await this.#checkpointer.close();
    await this.#writer.close();
    this.#folder.release();
  }

  /** Waits for the end of this turn of the event loop, so that everything it brings shares a transaction. */
  #schedule(): void {
    if (this.#scheduled || this.#underway !== undefined || this.#waiting.length === 0) return;
    if (this.#checkpointing && this.#logPages >= MAX_LOG_PAGES) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#closed === undefined) this.#commitNext();
    });
  }

  #commitNext(): void {
    const batch = this.#waiting.splice(0, MAX_BATCH_OPERATIONS);
    this.#underway = batch;
    const durability = batch.some((write) => write.durability === 'full') ? 'full' : 'normal';
    try {
      const requests = batch.map(requestOf);
      if (this.#addition !== undefined) {
        const need = requests.some(({ essential }) => essential) ? 'essential' : 'ordinary';
        requests.push(requestOf({ ...this.#addition, need }));
      }
      const atMs = this.#nowMs();
      this.#writer.send({ kind: 'batch', requests, durability, atMs, checkpoint: this.#startLogOver });
      this.#startLogOver = false;
    } catch (cause) {
      // An input that is no plain data: our mistake, which must not take the process with it.
      this.#committed(batch.map(() => ({ kind: 'broken', message: String(cause), stack: '' })));
    }
  }

  #heard(report: WriterReport): void {
    if (report.kind === 'batch-done') {
      this.#logPages = report.logPages;
      this.#checkpointWhenDue();
      for (const record of report.audited) this.onAudited(record);
      this.#committed(report.results);
    } else if (report.kind === 'checkpointed') {
      this.#checkpointing = false;
      this.#startLogOver = this.#logPages >= LONG_LOG_PAGES;
      this.#schedule();
    }
  }

  #checkpointWhenDue(): void {
    if (this.#logPages < this.#checkpointedPages) this.#checkpointedPages = 0;
    if (this.#checkpointing || this.#startLogOver) return;
    if (this.#logPages - this.#checkpointedPages < CHECKPOINT_EVERY_PAGES) return;
    this.#checkpointing = true;
    this.#checkpointedPages = this.#logPages;
    this.#checkpointer.send({ kind: 'checkpoint' });
  }

  #committed(results: readonly WriteResult[]): void {
    const batch = this.#underway ?? [];
    this.#underway = undefined;
    if (this.#waiting.length > 0) this.#schedule();
    else this.#onIdle?.();
    batch.forEach((write, index) => {
      answer(write, results[index]);
    });
  }

  /** A thread of the store is gone: what it was doing has an unknown outcome, what waits was never begun. */
  #died(cause: Error): void {
    if (this.#closed !== undefined) return;
    this.#closed = cause;
    const unknown = this.#underway ?? [];
    const never = this.#waiting;
    this.#underway = undefined;
    this.#waiting = [];
    for (const write of unknown)
      write.reject(new PortError('timeout', 'store', 'the writer died during the write', { cause }));
    for (const write of never) write.reject(unavailable('the writer died', cause));
    this.#reader.close();
    this.#onIdle?.();
    void this.#leave(cause);
  }

  /** The folder is the next server's only when no thread of this one can write to it any more. */
  async #leave(cause: Error): Promise<void> {
    await Promise.allSettled([this.#checkpointer.terminate(), this.#writer.terminate()]);
    this.#folder.release();
    this.#lost.resolve(cause);
  }
}

function filesOf(folder: DataFolder, audit: () => AuditWriter | undefined): WorkerFiles {
  try {
    const writer = audit();
    const { databasePath, ballastPath } = folder;
    return { databasePath, ballastPath, ...(writer === undefined ? {} : { audit: writer }) };
  } catch (error) {
    folder.release();
    throw error;
  }
}

const requestOf = ({
  operation,
  input,
  need,
}: Pick<WaitingWrite, 'operation' | 'input' | 'need'>): WriteRequest => ({
  operation,
  input: input(),
  essential: need === 'essential',
});

function answer(write: WaitingWrite, result: WriteResult | undefined): void {
  if (result?.kind === 'done') write.resolve(result.value);
  else write.reject(refusalOf(write.operation, result));
}

function refusalOf(operation: string, result: Exclude<WriteResult, { kind: 'done' }> | undefined): Error {
  if (result === undefined) return new InvariantViolation(`${operation}: the writer gave no answer`);
  if (result.kind === 'refused') return new DomainError(result.code, result.message, result.details);
  if (result.kind === 'fault') return unavailable(result.message);
  return new InvariantViolation(`${operation}: ${result.message}`, { cause: result.stack });
}

const unavailable = (message: string, cause?: unknown): PortError =>
  new PortError('unavailable', 'store', message, cause === undefined ? undefined : { cause });
