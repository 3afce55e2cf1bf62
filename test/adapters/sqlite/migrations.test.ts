import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Connection } from '../../../src/adapters/outbound/sqlite/connection.ts';
import { type Migration, migrate, SchemaRefused } from '../../../src/adapters/outbound/sqlite/migrations.ts';
import { SqliteStore } from '../../../src/adapters/outbound/sqlite/sqlite-store.ts';

const FIRST: Migration = {
  number: 1,
  name: 'first',
  sql: 'CREATE TABLE one (a); INSERT INTO one VALUES (1)',
};
const SECOND: Migration = { number: 2, name: 'second', sql: 'CREATE TABLE two (b)' };

describe('the migrations of the schema', () => {
  let db: Connection;
  beforeEach(() => {
    db = new Connection(':memory:');
  });
  afterEach(() => db.close());

  const tables = (): unknown[] =>
    db
      .prepare('SELECT name FROM sqlite_schema ORDER BY name')
      .all()
      .map(({ name }) => name);

  it('are applied in order, each once', () => {
    migrate(db, [FIRST]);
    migrate(db, [FIRST, SECOND]);
    migrate(db, [FIRST, SECOND]);
    expect(tables()).to.deep.equal(['one', 'two']);
    expect(db.prepare('SELECT count(*) AS rows FROM one').get()).to.deep.include({ rows: 1 });
  });

  it('leave what was there when one of them fails half-way, and go on from there', () => {
    const faulty = { ...SECOND, sql: 'CREATE TABLE two (b); CREATE TABLE one (again)' };
    expect(() => migrate(db, [FIRST, faulty])).to.throw('already exists');
    expect(tables()).to.deep.equal(['one']);
    migrate(db, [FIRST, SECOND]);
    expect(tables()).to.deep.equal(['one', 'two']);
  });

  it('refuse a file that a newer program has written, with a sentence', () => {
    migrate(db, [FIRST, SECOND]);
    expect(() => migrate(db, [FIRST])).to.throw(SchemaRefused, /newer version of Holdfast \(schema 2/);
    expect(tables()).to.deep.equal(['one', 'two']);
  });

  it('refuse numbers with a gap', () => {
    expect(() => migrate(db, [FIRST, { ...SECOND, number: 3 }])).to.throw(SchemaRefused, 'number 3, not 2');
    expect(tables()).to.deep.equal([]);
  });

  it('keep a store of a newer schema from opening, and leave its folder free', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-newer-'));
    await (await SqliteStore.open(dataDir)).close();
    const newer = new Connection(join(dataDir, 'holdfast.db'));
    newer.exec('PRAGMA user_version = 999');
    newer.close();
    for (const attempt of [1, 2]) {
      const message = await SqliteStore.open(dataDir).then(
        () => 'opened',
        (error: Error) => error.message,
      );
      expect(message, `attempt ${attempt}`).to.contain('newer version of Holdfast (schema 999');
    }
    rmSync(dataDir, { recursive: true });
  });
});
