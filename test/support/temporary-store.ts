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
  /** Removes all rows, which is faster than opening another store. */
  clear(): void;
  /** Closes the store and removes its folder. */
  remove(): Promise<void>;
}

/** Opens a new store under the system's folder for temporary files. */
export async function temporaryStore(): Promise<TemporaryStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-store-'));
  const store = await SqliteStore.open(dataDir);
  const db = new DatabaseSync(join(dataDir, 'holdfast.db'), { timeout: 2_000 });
  return {
    store,
    dataDir,
    exec: (sql) => db.exec(sql),
    clear: () => {
      const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      for (const { name } of tables) db.exec(`DELETE FROM "${name}"`);
    },
    remove: async () => {
      db.close();
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
