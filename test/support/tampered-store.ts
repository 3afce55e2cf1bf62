import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A row of the audit log as it lies in the store's file. */
export interface AuditRow {
  readonly cursor: number;
  readonly chain: string;
  readonly seq: number;
  readonly at_ms: number;
  readonly record: string;
  readonly mac: string;
}

/** All rows of a folder's audit log. */
export function auditRows(data: string): AuditRow[] {
  const db = new DatabaseSync(join(data, 'holdfast.db'));
  try {
    return db.prepare('SELECT * FROM audit_records ORDER BY cursor').all() as unknown as AuditRow[];
  } finally {
    db.close();
  }
}

/** Copies a data folder and lets somebody with the file in hand do as he likes to the copy. */
export async function withTampered<Out>(
  data: string,
  tamper: (db: DatabaseSync) => void,
  look: (copy: string) => Promise<Out>,
): Promise<Out> {
  const copy = join(mkdtempSync(join(tmpdir(), 'holdfast-tampered-')), 'data');
  cpSync(data, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  try {
    const db = new DatabaseSync(join(copy, 'holdfast.db'));
    db.exec('DROP TRIGGER audit_records_stay; DROP TRIGGER audit_records_stand');
    tamper(db);
    db.close();
    return await look(copy);
  } finally {
    rmSync(join(copy, '..'), { recursive: true, force: true });
  }
}
