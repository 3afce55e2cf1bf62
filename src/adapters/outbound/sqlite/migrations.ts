import type { Connection } from './connection.ts';

/** One step of the schema. Once released it never changes; numbers count from 1 without gaps. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** The store's file cannot be used by this program; the message is a sentence for the operator. */
export class SchemaRefused extends Error {
  override readonly name = 'SchemaRefused';
}

/**
 * Brings a file to the newest schema, each migration in a transaction of its own together with its number, so
 * that a crash between two leaves a file that the next start goes on from.
 *
 * @throws SchemaRefused when a newer program has written the file, or the migrations are not 1, 2, 3, ….
 */
export function migrate(db: Connection, migrations: readonly Migration[]): void {
  migrations.forEach(({ number, name }, index) => {
    if (number !== index + 1)
      throw new SchemaRefused(`Migration ${name} has number ${number}, not ${index + 1}.`);
  });
  const current = schemaVersion(db);
  if (current > migrations.length) {
    throw new SchemaRefused(
      `The data folder was written by a newer version of Holdfast (schema ${current}, this program knows ` +
        `${migrations.length}). Start that version, or restore a backup made by this one.`,
    );
  }
  for (const { number, sql } of migrations.slice(current)) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(sql);
      db.exec(`PRAGMA user_version = ${number}`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

function schemaVersion(db: Connection): number {
  const row = db.prepare('PRAGMA user_version').get() as { user_version: number };
  return row.user_version;
}
