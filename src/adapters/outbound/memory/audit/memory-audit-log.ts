import { createHmac } from 'node:crypto';
import type { AuditEntry, AuditLog } from '../../../../application/ports/audit-log.ts';
import {
  type ChainedRecord,
  type ChainHead,
  chained,
  chainStart,
} from '../../../../domain/audit/audit-chain.ts';
import { type AuditRecord, auditText } from '../../../../domain/audit/audit-record.ts';

const CHAIN = 'memory';

/** The audit log in one process's memory, which the repositories beside it append to. */
export class MemoryAuditLog implements AuditLog {
  readonly #entries: AuditEntry[] = [];
  readonly #nowMs: () => number;
  #listener: (record: ChainedRecord) => void = () => {};

  constructor(nowMs: () => number = () => 0) {
    this.#nowMs = nowMs;
  }

  /** Appends at once, so that no other call comes between an act and its records. */
  add(records: readonly AuditRecord[] | undefined = []): void {
    if (records.length > 0 && this.#entries.length === 0) this.#append(chainStart(undefined, {}));
    for (const record of records) this.#append(record);
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    this.add(records);
  }

  async anchor(): Promise<ChainHead> {
    const last = this.#entries.at(-1) ?? this.#append(chainStart(undefined, {}));
    return { chain: last.chain, seq: last.seq, mac: last.mac };
  }

  async read(query: {
    readonly afterCursor: number;
    readonly limit: number;
  }): Promise<readonly AuditEntry[]> {
    return this.#entries.filter(({ cursor }) => cursor > query.afterCursor).slice(0, query.limit);
  }

  async heads(limit: number): Promise<readonly ChainHead[]> {
    return this.#entries
      .slice(-1)
      .map(({ chain, seq, mac }) => ({ chain, seq, mac }))
      .slice(0, limit);
  }

  subscribe(listener: (record: ChainedRecord) => void): void {
    this.#listener = listener;
  }

  #append(record: AuditRecord): AuditEntry {
    const said = { atMs: this.#nowMs(), text: auditText(record) };
    const authenticate = (text: string): string => createHmac('sha256', CHAIN).update(text).digest('hex');
    const next = chained({ chain: CHAIN, head: this.#entries.at(-1) }, said, authenticate);
    const entry = { ...next, cursor: this.#entries.length + 1 };
    this.#entries.push(entry);
    this.#listener(next);
    return entry;
  }
}
