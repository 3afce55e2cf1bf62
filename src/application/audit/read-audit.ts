import { type ChainHead, headText } from '../../domain/audit/audit-chain.ts';
import { type AuditRecord, auditRecordFrom } from '../../domain/audit/audit-record.ts';
import type { AuditEntry, AuditReader } from '../ports/audit-log.ts';

/** Most chains whose heads are told: those of the last starts. */
const MAX_HEADS = 10;

/** A record of the log as it is shown: what it says, and where it stands. */
export interface ReadRecord {
  readonly cursor: number;
  readonly chain: string;
  readonly seq: number;
  readonly atMs: number;
  readonly mac: string;
  readonly record: AuditRecord;
}

/** A page of the audit log, oldest first. */
export interface AuditPage {
  readonly records: readonly ReadRecord[];
  /** Where the next page begins: the last cursor read, or the one that was asked with when nothing came. */
  readonly nextCursor: number;
  /** Whether there was more when the page was read. */
  readonly hasMore: boolean;
  /** Where the chains of the last starts stand, newest first, each as `<chain>.<seq>.<mac>`. */
  readonly heads: readonly string[];
}

/** Reads the audit log page by page. Reading on from `nextCursor` misses nothing and repeats nothing. */
export class ReadAudit {
  readonly #deps: { readonly reader: AuditReader };

  constructor(deps: { readonly reader: AuditReader }) {
    this.#deps = deps;
  }

  /** @throws PortError. */
  async execute(command: { readonly afterCursor: number; readonly limit: number }): Promise<AuditPage> {
    const { reader } = this.#deps;
    const { afterCursor, limit } = command;
    const read = await reader.read({ afterCursor, limit: limit + 1 });
    const heads: readonly ChainHead[] = await reader.heads(MAX_HEADS);
    const records = read.slice(0, limit).map(shown);
    return {
      records,
      nextCursor: records.at(-1)?.cursor ?? afterCursor,
      hasMore: read.length > limit,
      heads: heads.map(headText),
    };
  }
}

const shown = ({ cursor, chain, seq, atMs, mac, text }: AuditEntry): ReadRecord => ({
  cursor,
  chain,
  seq,
  atMs,
  mac,
  record: readable(text),
});

/** Whoever has changed a row must not keep the others from being read. */
function readable(text: string): AuditRecord {
  try {
    return auditRecordFrom(text);
  } catch {
    return { act: 'audit.unreadable', outcome: 'refused' };
  }
}
