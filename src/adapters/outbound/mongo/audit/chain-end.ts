import type { Collection } from 'mongodb';
import {
  type Authenticate,
  anchored,
  type ChainedRecord,
  type ChainHead,
  chained,
  chainStart,
} from '../../../../domain/audit/audit-chain.ts';
import { auditText } from '../../../../domain/audit/audit-record.ts';
import type { SaidAct } from '../../../../domain/audit/pending-act.ts';
import { BoundedMap } from '../../../../domain/bounded-map.ts';
import { type AnchorDocument, headAfter, type LogDocument, type LogEntry } from './audit-documents.ts';

/** Most batches of unknown outcome that are remembered; one that is forgotten and stored costs a new chain. */
const MAX_TRIED = 16;

/** Under whose name a process records, and with which key. */
export interface ChainWriter {
  /** A chain's id that nobody has. Asked once, and again when another process continues the chain. */
  newChain(): string;
  /** The codes under the audit keys, which are not in the store: the first signs, every one verifies what waits. */
  readonly keys: readonly [Authenticate, ...Authenticate[]];
  /** What a chain's first record says of the writer, such as its machine and process. */
  readonly about: Readonly<Record<string, string | number>>;
}

/**
 * Where this process's chain and the whole log end. The chain's end is kept here and not read back: a record that is taken
 * out under the running program leaves a gap. What is read is the log's last number, and whether a batch of unknown outcome
 * is there.
 */
export class ChainEnd {
  readonly #documents: Collection<LogDocument>;
  readonly #writer: ChainWriter;
  #chain: string;
  #head: ChainHead | undefined;
  /** The last number that is known to be stored for good, and the record that it ends with. */
  #number = 0;
  #last: ChainHead | undefined;
  /** Batches that may be stored, by the code of their last record; all continue the chain at the same place. */
  readonly #tried = new BoundedMap<string, LogDocument>(MAX_TRIED);
  /** Hears each record of this writer once it is stored. */
  onStored: (record: ChainedRecord) => void = () => {};

  constructor(documents: Collection<LogDocument>, writer: ChainWriter) {
    this.#documents = documents;
    this.#writer = writer;
    this.#chain = writer.newChain();
  }

  /** Where the chain stands; undefined before its first record. */
  get head(): ChainHead | undefined {
    return this.#head;
  }

  /** The next document of the log, with these acts, and with the chain's start if it has not begun. */
  next(acts: readonly SaidAct[], nowMs: number): LogDocument {
    const [authenticate] = this.#writer.keys;
    const said = this.#head === undefined ? [this.#start(nowMs), ...acts] : acts;
    const entries: LogEntry[] = [];
    let head = this.#head;
    for (const { id, atMs, text } of said) {
      head = chained({ chain: this.#chain, head }, { atMs, text }, authenticate);
      entries.push({ id, atMs, text, mac: head.mac });
    }
    const seq = (this.#head?.seq ?? 0) + 1;
    const document = { _id: this.#number + 1, chain: this.#chain, seq, entries };
    const next = seq > 1 ? document : { ...document, begins: this.#anchor(headAfter(document), nowMs) };
    this.#tried.set(headAfter(next).mac, next);
    return next;
  }

  /** Notes that a document is stored for good. */
  advance(document: LogDocument): void {
    const head = headAfter(document);
    this.#head = head;
    this.#tried.clear();
    if (document._id > this.#number) this.#atLast(document._id, head);
    document.entries.forEach(({ atMs, text, mac }, place) => {
      this.onStored({ chain: document.chain, seq: document.seq + place, atMs, text, mac });
    });
  }

  /**
   * Looks with a majority's eyes at where the log ends, and what has become of the batches that were tried.
   *
   * @throws MongoError.
   */
  async look(): Promise<void> {
    if (this.#tried.size > 0) await this.#settle();
    const last = await this.#documents.findOne({}, { sort: { _id: -1 } });
    if (last !== null && last._id > this.#number) this.#atLast(last._id, headAfter(last));
  }

  /** Where the chain stands, with a code: stored beside the log. */
  anchorOf(head: ChainHead, nowMs: number): AnchorDocument {
    return { _id: head.chain, ...this.#anchor(head, nowMs) };
  }

  async #settle(): Promise<void> {
    const own = await this.#documents.findOne({ chain: this.#chain }, { sort: { seq: -1 } });
    const headSeq = this.#head?.seq ?? 0;
    if (own === null || headAfter(own).seq <= headSeq) return;
    const tried = this.#tried.get(headAfter(own).mac);
    if (tried !== undefined && own.seq === headSeq + 1) return this.advance(own);
    // Somebody else writes under this chain's id: a copy of this process, such as of its machine. One of both gives way.
    this.#chain = this.#writer.newChain();
    this.#head = undefined;
    this.#tried.clear();
  }

  #start(nowMs: number): SaidAct {
    const text = auditText(chainStart(this.#last, this.#writer.about));
    return { id: `start:${this.#chain}`, atMs: nowMs, text };
  }

  #anchor(head: ChainHead, nowMs: number): Omit<AnchorDocument, '_id'> {
    const { atMs, mac } = anchored(head, nowMs, this.#writer.keys[0]);
    return { seq: head.seq, head: head.mac, atMs, mac };
  }

  #atLast(number: number, head: ChainHead): void {
    this.#number = number;
    this.#last = head;
  }
}
