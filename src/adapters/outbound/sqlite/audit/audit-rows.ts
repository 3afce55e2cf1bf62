import type { AuditEntry } from '../../../../application/ports/audit-log.ts';
import type { ChainAnchor, ChainHead } from '../../../../domain/audit/audit-chain.ts';
import type { Connection } from '../connection.ts';

/** A row as `node:sqlite` gives it. The schema is STRICT, so a column has the type that it declares. */
type Row = Record<string, unknown>;

export const AUDIT_COLUMNS = 'cursor, chain, seq, at_ms, record, mac';

export const auditEntryFrom = (row: Row): AuditEntry => ({
  cursor: row.cursor as number,
  chain: row.chain as string,
  seq: row.seq as number,
  atMs: row.at_ms as number,
  text: row.record as string,
  mac: row.mac as string,
});

export const auditAnchorFrom = (row: Row): ChainAnchor => ({
  head: { chain: row.chain as string, seq: row.seq as number, mac: row.head as string },
  atMs: row.at_ms as number,
  mac: row.mac as string,
});

/** Records after a cursor, oldest first. */
export const readAudit = (
  db: Pick<Connection, 'prepare'>,
  query: { readonly afterCursor: number; readonly limit: number },
): AuditEntry[] =>
  db
    .prepare(`SELECT ${AUDIT_COLUMNS} FROM audit_records WHERE cursor > ? ORDER BY cursor LIMIT ?`)
    .all(query.afterCursor, query.limit)
    .map(auditEntryFrom);

/** The last record of each of the chains that were begun last, newest first. */
export const readHeads = (db: Pick<Connection, 'prepare'>, limit: number): ChainHead[] =>
  db
    .prepare(
      `SELECT last.chain, last.seq, last.mac
       FROM (SELECT chain FROM audit_anchors ORDER BY begun DESC LIMIT ?) AS newest
       JOIN audit_records AS last ON last.chain = newest.chain
         AND last.seq = (SELECT max(seq) FROM audit_records WHERE chain = newest.chain)
       ORDER BY last.cursor DESC`,
    )
    .all(limit)
    .map((row) => ({ chain: row.chain as string, seq: row.seq as number, mac: row.mac as string }));
