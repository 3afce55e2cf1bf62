/**
 * The straightforward way: one SQLite transaction for each reserve and one for each settle, at the same
 * `synchronous=FULL`, writing the same rows to the same tables, with none of the rules.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ACCOUNTING_SCHEMA } from '../../src/adapters/outbound/sqlite/migrations/0002-accounting.ts';

const accounts = Number(process.argv[2]);
const operations = Number(process.argv[3]);

const folder = mkdtempSync(join(tmpdir(), 'holdfast-bare-'));
const db = new DatabaseSync(join(folder, 'bare.db'));
db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
db.exec(ACCOUNTING_SCHEMA.sql);

const addAccount = db.prepare("INSERT INTO accounts VALUES (?, ?, 0, 0, 0, ?, 0, '{}')");
const addGrant = db.prepare(
  "INSERT INTO grants VALUES (?, ?, ?, ?, 1, 9000000000000, 'allocation', 'system', NULL, 0)",
);
db.exec('BEGIN');
for (let account = 0; account < accounts; account += 1) {
  addAccount.run(`u${account}`, 1e12, 1e12);
  addGrant.run(`g${account}`, `u${account}`, 1e12, 1e12);
}
db.exec('COMMIT');

const hold = db.prepare(
  'UPDATE accounts SET available_micros = available_micros - ?1, held_micros = held_micros + ?1 WHERE user_id = ?2 AND available_micros >= ?1',
);
const take = db.prepare('UPDATE grants SET remaining_micros = remaining_micros + ? WHERE id = ?');
const open = db.prepare(
  "INSERT INTO reservations VALUES (?, ?, 'm', 'open', 100, ?, ?, 1000000, 4096, 'model', 1, 2, 0, NULL, NULL)",
);
const journal = db.prepare('INSERT INTO journal (id, user_id, entry) VALUES (?, ?, ?)');
const close = db.prepare(
  "UPDATE reservations SET state = 'settled', outcome = ? WHERE id = ? AND state = 'open'",
);
const charge = db.prepare(
  'UPDATE accounts SET held_micros = held_micros - ?, charged_micros = charged_micros + ?, available_micros = available_micros + ? WHERE user_id = ?',
);
const use = db.prepare("INSERT INTO usage_records VALUES (?, ?, 'chat-streaming', 'm', ?, 200, 200000, 1)");
const entry = JSON.stringify({
  kind: 'reserve',
  atMs: 1,
  account: { available: -4196000, held: 4196000 },
  grants: [{ id: 'g', remaining: -4196000 }],
});

const startedAt = performance.now();
for (let operation = 0; operation < operations; operation += 1) {
  const user = `u${operation % accounts}`;
  const grant = `g${operation % accounts}`;
  const id = `stream-1795330000000-${String(operation).padStart(36, '0')}`;
  db.exec('BEGIN IMMEDIATE');
  hold.run(4_196_000, user);
  take.run(-4_196_000, grant);
  open.run(id, user, 4_196_000, JSON.stringify([{ grantId: grant, micros: 4_196_000 }]));
  journal.run(`${id}:reserve`, user, entry);
  db.exec('COMMIT');
  db.exec('BEGIN IMMEDIATE');
  close.run('{"closedAtMs":1,"tokens":200,"chargeMicros":200000,"refundMicros":3996000}', id);
  charge.run(4_196_000, 200_000, 3_996_000, user);
  take.run(3_996_000, grant);
  journal.run(`${id}:settle`, user, entry);
  use.run(`${id}:usage`, user, id);
  db.exec('COMMIT');
}
const perSecond = (operations * 1000) / (performance.now() - startedAt);
db.close();
rmSync(folder, { recursive: true, force: true });
process.send?.({ perSecond });
