import type { AuditEntry } from '../../../../application/ports/audit-log.ts';
import type { ChainAnchor, ChainHead } from '../../../../domain/audit/audit-chain.ts';
import type { PendingAct } from '../../../../domain/audit/pending-act.ts';

export const AUDIT_LOG = 'audit_log';
export const AUDIT_ANCHORS = 'audit_anchors';
export const AUDIT_PENDING = 'audit_pending';

/** Cursors of one document of the log: its number times this, and the place of the entry in it. */
const CURSORS_PER_DOCUMENT = 1_024;

/** A record in its place. Its number in the chain follows from its place in the document. */
export interface LogEntry {
  /** Names the record among all there are. */
  readonly id: string;
  readonly atMs: number;
  readonly text: string;
  readonly mac: string;
}

/** Records of one chain that were appended together. The documents of the log are numbered without gaps. */
export interface LogDocument {
  readonly _id: number;
  readonly chain: string;
  /** The number in the chain of the first entry. */
  readonly seq: number;
  readonly entries: readonly LogEntry[];
  /** With the first document of a chain: where the chain stood then, so that no chain is ever without an anchor. */
  readonly begins?: {
    readonly seq: number;
    readonly head: string;
    readonly atMs: number;
    readonly mac: string;
  };
}

/** Where a chain was last seen to stand. */
export interface AnchorDocument {
  readonly _id: string;
  readonly seq: number;
  readonly head: string;
  readonly atMs: number;
  readonly mac: string;
}

/** A record that was stored in the act's own write, on its way to the log. */
export interface PendingAuditDocument extends Omit<PendingAct, 'id'> {
  readonly _id: string;
}

/** The number of the document that has, or would have, a cursor. */
export const numberAt = (cursor: number): number => Math.floor(Math.max(0, cursor) / CURSORS_PER_DOCUMENT);

/** The entries of a document as readers see them. */
export const auditEntriesFrom = ({ _id, chain, seq, entries }: LogDocument): AuditEntry[] =>
  entries.map(({ atMs, text, mac }, place) => ({
    cursor: _id * CURSORS_PER_DOCUMENT + place + 1,
    chain,
    seq: seq + place,
    atMs,
    text,
    mac,
  }));

/** Where a chain stands after a document. */
export function headAfter({ chain, seq, entries }: LogDocument): ChainHead {
  return { chain, seq: seq + entries.length - 1, mac: entries.at(-1)?.mac ?? '' };
}

/** Reads an anchor back. */
export const anchorFrom = ({ _id, seq, head, atMs, mac }: AnchorDocument): ChainAnchor => ({
  head: { chain: _id, seq, mac: head },
  atMs,
  mac,
});

/** A pending record as it is stored. */
export const pendingDocument = ({ id: _id, ...rest }: PendingAct): PendingAuditDocument => ({ _id, ...rest });
