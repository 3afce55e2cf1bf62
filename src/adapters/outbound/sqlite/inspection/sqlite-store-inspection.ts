import type { StoreInspection, StorePicture } from '../../../../application/ports/store-inspection.ts';
import { openExamined, unreadable } from './open-examined.ts';
import { SqliteStorePicture } from './sqlite-store-picture.ts';

/**
 * Looks at the embedded store of a data folder over a connection of its own that cannot write, in one read
 * transaction, so that the picture is whole even while a server writes.
 */
export class SqliteStoreInspection implements StoreInspection {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  async inspect<Out>(look: (picture: StorePicture) => Promise<Out>): Promise<Out> {
    const db = openExamined(this.#dataDir);
    try {
      db.exec('BEGIN');
      return await look(new SqliteStorePicture(db));
    } catch (error) {
      throw unreadable(error);
    } finally {
      db.close();
    }
  }
}
