import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteStore } from '../../src/adapters/outbound/sqlite/sqlite-store.ts';

/** An embedded store in a folder of its own, which goes away with it. */
export interface TemporaryStore {
  readonly store: SqliteStore;
  readonly dataDir: string;
  /** Runs SQL on the store's file through a connection of its own, such as to corrupt a row. */
  exec(sql: string): void;
  /** The names of all tables, sorted. */
  names(): string[];
  /** Removes all rows, which is faster than opening another store; but not the audit log's, which is append-only. */
  clear(): void;
  /** Closes the store and removes its folder. */
  remove(): Promise<void>;
}

/** The key of temporary stores' audit logs. */
export const AUDIT_KEY = 'the audit key of a store for tests'.padEnd(43, '.');

/** Opens a new store under the system's folder for temporary files. */
export async function temporaryStore(): Promise<TemporaryStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-store-'));
  const audit = { chain: 'test-chain', key: AUDIT_KEY, about: {} };
  const store = await SqliteStore.open(dataDir, undefined, () => audit);
  const db = new DatabaseSync(join(dataDir, 'holdfast.db'), { timeout: 2_000 });
  return {
    store,
    dataDir,
    exec: (sql) => db.exec(sql),
    names: () =>
      db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .all()
        .map(({ name }) => String(name)),
    clear: () => {
      const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      for (const { name } of tables) {
        if (!String(name).startsWith('audit_')) db.exec(`DELETE FROM "${name}"`);
      }
    },
    remove: async () => {
      db.close();
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
