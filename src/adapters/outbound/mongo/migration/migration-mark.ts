import type { Db } from 'mongodb';
import type { MovedTable, MoveMark, TableProgress } from '../../../../application/ports/store-migration.ts';

/** Where the mark is kept, and its key. */
export const META = 'meta';
export const MIGRATION = 'migration';

/** How far a table has come, and how many of its documents have a number. */
export interface StoredProgress extends TableProgress {
  readonly numbered: number;
}

/** The mark of a database that a store is, or was, moved to. */
export interface MigrationDocument {
  readonly _id: typeof MIGRATION;
  readonly move: MoveMark;
  /** Whether it was seen that there is nothing in the database but this. */
  readonly wasEmpty: boolean;
  readonly tables: Partial<Record<MovedTable, StoredProgress>>;
}

/** @throws Error with a sentence when a store is being moved here and is not complete. */
export async function requireWhole(db: Db): Promise<void> {
  const found = await db.collection<MigrationDocument>(META).findOne({ _id: MIGRATION });
  if (found === null || found.move.isComplete) return;
  throw new Error(
    `A store is being moved to the database ${db.databaseName}, and not all of it is there: run holdfast migrate again, or drop the database.`,
  );
}
