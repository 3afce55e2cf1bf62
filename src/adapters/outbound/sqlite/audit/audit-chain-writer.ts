import { createHmac } from 'node:crypto';
import {
  type Authenticate,
  anchored,
  type ChainedRecord,
  type ChainHead,
  chained,
  chainStart,
} from '../../../../domain/audit/audit-chain.ts';
import { type AuditRecord, auditText } from '../../../../domain/audit/audit-record.ts';
import { invariant } from '../../../../domain/invariant.ts';
import type { WriterDatabase } from '../operation.ts';

/** Under whose name a store's writer records, and with which key. */
export interface AuditWriter {
  /** The chain's id, new at each start. */
  readonly chain: string;
  /** The secret that authenticates records; it is not in the store. */
  readonly key: string;
  /** What the chain's first record says of the writer, such as its machine and process. */
  readonly about: Readonly<Record<string, string | number>>;
}

/** Where the chain stood before something that may be undone. */
export interface ChainMark {
  readonly head: ChainHead | undefined;
  readonly appended: number;
}

/** HMAC-SHA-256 under the audit key. */
export const authenticator =
  (key: string): Authenticate =>
  (text) =>
    createHmac('sha256', key).update(text).digest('hex');

/**
 * The chain of one writer, on the writer's thread. Where it stands is kept here and not read back: a row that is
 * deleted under the running server leaves a gap.
 */
export class AuditChainWriter {
  readonly #db: WriterDatabase;
  readonly #writer: AuditWriter | undefined;
  readonly #authenticate: Authenticate;
  #head: ChainHead | undefined;
  #atMs = 0;
  #appended: ChainedRecord[] = [];

  constructor(db: WriterDatabase, writer: AuditWriter | undefined) {
    this.#db = db;
    this.#writer = writer;
    this.#authenticate = authenticator(writer?.key ?? '');
  }

  /** What this transaction has appended so far. */
  get appended(): readonly ChainedRecord[] {
    return this.#appended;
  }

  /** A transaction begins; what it records happens at this time. */
  begin(atMs: number): void {
    this.#atMs = atMs;
    this.#appended = [];
  }

  /** Where the chain stands now, to go back to when what follows is rolled back. */
  mark(): ChainMark {
    return { head: this.#head, appended: this.#appended.length };
  }

  /** What was appended since the mark was rolled back in the store, and is here too. */
  rollBackTo({ head, appended }: ChainMark): void {
    this.#head = head;
    this.#appended.length = appended;
  }

  append(records: readonly AuditRecord[]): void {
    if (records.length === 0) return;
    this.#start();
    for (const record of records) this.#add(record);
  }

  /** Stores where the chain stands. */
  anchor(): ChainHead {
    this.#start();
    invariant(this.#head !== undefined, 'a chain that has begun has a head');
    const { chain, seq, mac } = this.#head;
    const anchor = anchored(this.#head, this.#atMs, this.#authenticate);
    this.#db
      .prepare(
        `INSERT INTO audit_anchors (chain, begun, seq, head, at_ms, mac)
           VALUES (?, (SELECT cursor FROM audit_records WHERE chain = ?1 AND seq = 1), ?, ?, ?, ?)
         ON CONFLICT (chain) DO UPDATE SET
           seq = excluded.seq, head = excluded.head, at_ms = excluded.at_ms, mac = excluded.mac`,
      )
      .run(chain, seq, mac, anchor.atMs, anchor.mac);
    return this.#head;
  }

  #start(): void {
    if (this.#head !== undefined) return;
    invariant(this.#writer !== undefined, 'a store that records acts is opened with an audit key');
    const last = this.#db
      .prepare('SELECT chain, seq, mac FROM audit_records ORDER BY cursor DESC LIMIT 1')
      .get() as ChainHead | undefined;
    this.#add(chainStart(last, this.#writer.about));
    this.anchor();
  }

  #add(record: AuditRecord): void {
    invariant(this.#writer !== undefined, 'a store that records acts is opened with an audit key');
    const said = { atMs: this.#atMs, text: auditText(record) };
    const next = chained({ chain: this.#writer.chain, head: this.#head }, said, this.#authenticate);
    this.#db
      .prepare('INSERT INTO audit_records (chain, seq, at_ms, record, mac) VALUES (?, ?, ?, ?, ?)')
      .run(next.chain, next.seq, next.atMs, next.text, next.mac);
    this.#head = { chain: next.chain, seq: next.seq, mac: next.mac };
    this.#appended.push(next);
  }
}
