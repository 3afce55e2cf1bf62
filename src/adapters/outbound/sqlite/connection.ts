import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { invariant } from '../../../domain/invariant.ts';

/** Most distinct statements one connection keeps prepared; statements are constants, so more is our mistake. */
const MAX_STATEMENTS = 500;
/** How long a statement waits for another connection's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 2_000;

/** How a connection is opened. */
export interface ConnectionOptions {
  readonly readOnly?: boolean;
  readonly busyTimeoutMs?: number;
}

/** One connection to the store's file, with its statements prepared once. Used by one thread. */
export class Connection {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, options: ConnectionOptions = {}) {
    this.#db = new DatabaseSync(path, {
      readOnly: options.readOnly ?? false,
      timeout: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
    });
  }

  /** The statement for a constant SQL text, prepared at its first use. Values are always bound, never spliced. */
  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    invariant(this.#statements.size < MAX_STATEMENTS, 'SQL texts are constants: bind values instead');
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Runs SQL without a result, such as a migration's. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  get inTransaction(): boolean {
    return this.#db.isTransaction;
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }
}
