import type {
  MovedPage,
  MovedTable,
  MoveMark,
  MoveSource,
} from '../../../../application/ports/store-migration.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { readMoveMark, writeMoveMark } from './move-mark-file.ts';
import { countOf, movedPage } from './moved-tables.ts';

/** The embedded store of a data folder, whose claim is held here, so that no server runs on it. */
export class SqliteMoveSource implements MoveSource {
  readonly #store: SqliteStore;
  readonly #dataDir: string;
  readonly #settle: () => Promise<void>;

  /** `settle` ends what is open in the store. */
  constructor(store: SqliteStore, dataDir: string, settle: () => Promise<void>) {
    this.#store = store;
    this.#dataDir = dataDir;
    this.#settle = settle;
  }

  mark(): MoveMark | undefined {
    return readMoveMark(this.#dataDir);
  }

  setMark(mark: MoveMark | undefined): void {
    writeMoveMark(this.#dataDir, mark);
  }

  hasDemoAccounts(): Promise<boolean> {
    const sql = "SELECT 1 FROM users WHERE password_mark = 'demo' AND disabled_at_ms IS NULL LIMIT 1";
    return this.#store.read((db) => db.prepare(sql).get() !== undefined);
  }

  settle(): Promise<void> {
    return this.#settle();
  }

  page<Table extends MovedTable>(
    table: Table,
    after: string | number | undefined,
  ): Promise<MovedPage<Table>> {
    return this.#store.read((db) => movedPage(db, table, after));
  }

  count(table: MovedTable): Promise<number> {
    return this.#store.read((db) => countOf(db, table));
  }
}
