/** The entry file of a writer thread whose operations do what tests of the store need. */
import { existsSync } from 'node:fs';
import type { WriterDatabase } from '../../../src/adapters/outbound/sqlite/operation.ts';
import { runWriter } from '../../../src/adapters/outbound/sqlite/run-writer.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';

const SQLITE_FULL = 13;

function insert(db: WriterDatabase, text: string): number {
  return Number(db.prepare('INSERT INTO probe (text) VALUES (?)').run(text).lastInsertRowid);
}

runWriter({
  migrations: [
    { number: 1, name: 'probe', sql: 'CREATE TABLE probe (id INTEGER PRIMARY KEY, text TEXT NOT NULL)' },
  ],
  operations: {
    'probe.insert': insert,
    'probe.insert-bytes': (db, bytes: number) => insert(db, 'x'.repeat(bytes)),
    'probe.insert-then-refuse': (db, text: string) => {
      insert(db, text);
      throw new DomainError('credit.insufficient', 'Not enough.', { retryAfterMs: 5 });
    },
    'probe.insert-then-break': (db, text: string) => {
      insert(db, text);
      throw new TypeError('a mistake of ours');
    },
    'probe.insert-unless-full': (db, { text, ballast }: { text: string; ballast: string }) => {
      insert(db, text);
      if (existsSync(ballast)) {
        throw Object.assign(new Error('database or disk is full'), { errcode: SQLITE_FULL });
      }
    },
    'probe.synchronous': (db) => db.prepare('PRAGMA synchronous').get()?.synchronous,
    'probe.refuse-writes': (db) => db.prepare('PRAGMA query_only = ON').run().changes,
    'probe.die': () => process.exit(0),
  },
});
