import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '../../../domain/invariant.ts';
import { AuditChainWriter } from './audit/audit-chain-writer.ts';
import { Ballast } from './ballast.ts';
import { Connection } from './connection.ts';
import { type Migration, migrate } from './migrations.ts';
import type { OperationSet } from './operation.ts';
import { Writer } from './writer.ts';
import type { WorkerFiles, WorkerOrder, WriterReport } from './writer-messages.ts';

/**
 * Cache of the writing connection, in KiB. After a page was split SQLite looks through all of it at the end of the
 * transaction: 32 MiB took a fifteenth of this thread's time while agents' events were recorded, a quarter of it a
 * quarter of that.
 */
const CACHE_KIB = 8 * 1024;

/**
 * The body of the writer's thread: opens the one writing connection, brings the schema up to date, and carries
 * out batches until it is told to close. Called by a worker's entry file with the schema it serves.
 */
export function runWriter(schema: {
  readonly migrations: readonly Migration[];
  readonly operations: OperationSet;
}): void {
  invariant(parentPort !== null, 'the writer runs in a worker thread');
  const port = parentPort;
  const report = (message: WriterReport): void => port.postMessage(message);
  const files = workerData as WorkerFiles;
  let db: Connection;
  try {
    db = openWriting(files.databasePath, schema.migrations);
  } catch (error) {
    report({ kind: 'cannot-start', message: error instanceof Error ? error.message : String(error) });
    return;
  }
  const ballast = new Ballast(files.ballastPath);
  ballast.ensure();
  const audit = new AuditChainWriter(db, files.audit);
  const writer = new Writer(db, schema.operations, ballast, audit);
  port.on('message', (order: WorkerOrder) => {
    if (order.kind === 'batch') {
      if (order.checkpoint) checkpoint(db);
      const results = writer.carryOut(order);
      report({ kind: 'batch-done', results, audited: writer.audited, logPages: logPages(db) });
    } else if (order.kind === 'close') {
      checkpoint(db);
      db.close();
      port.close();
    }
  });
  report({ kind: 'ready' });
}

function openWriting(path: string, migrations: readonly Migration[]): Connection {
  const db = new Connection(path);
  try {
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    // Checkpoints are made by another connection, so that no write waits for one.
    db.exec('PRAGMA wal_autocheckpoint = 0');
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    db.exec('PRAGMA temp_store = MEMORY');
    migrate(db, migrations);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Looks at the log without moving anything, in a few microseconds. */
function logPages(db: Connection): number {
  try {
    return (db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as { log: number }).log;
  } catch {
    // The storage fails; the next write says so.
    return 0;
  }
}

/** A checkpoint that fails is tried again with the next one; the log keeps everything meanwhile. */
function checkpoint(db: Connection): void {
  try {
    db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
  } catch {
    // The disk is full or fails: the writes themselves will say so.
  }
}
