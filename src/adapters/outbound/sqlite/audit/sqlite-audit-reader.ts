import type { AuditEntry, AuditReader } from '../../../../application/ports/audit-log.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { ChainHead } from '../../../../domain/audit/audit-chain.ts';
import type { Connection } from '../connection.ts';
import { openExamined, unreadable } from '../inspection/open-examined.ts';
import { readAudit, readHeads } from './audit-rows.ts';

/** The audit log of a data folder, read over a connection of its own that cannot write, also beside its server. */
export class SqliteAuditReader implements AuditReader {
  readonly #db: Connection;

  private constructor(db: Connection) {
    this.#db = db;
  }

  /** @throws PortError `unavailable` when the store cannot be read. */
  static open(dataDir: string): SqliteAuditReader {
    return new SqliteAuditReader(openExamined(dataDir));
  }

  read(query: { readonly afterCursor: number; readonly limit: number }): Promise<readonly AuditEntry[]> {
    return this.#ask((db) => readAudit(db, query));
  }

  heads(limit: number): Promise<readonly ChainHead[]> {
    return this.#ask((db) => readHeads(db, limit));
  }

  close(): void {
    this.#db.close();
  }

  async #ask<Out>(query: (db: Connection) => Out): Promise<Out> {
    try {
      return query(this.#db);
    } catch (error) {
      throw error instanceof PortError ? error : unreadable(error);
    }
  }
}
