import type { Collection } from 'mongodb';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { ChainedRecord, ChainHead } from '../../../../domain/audit/audit-chain.ts';
import { MAX_RECORDS_AT_ONCE } from '../../../../domain/audit/audit-record.ts';
import type { SaidAct } from '../../../../domain/audit/pending-act.ts';
import { invariant } from '../../../../domain/invariant.ts';
import { isUnknownOutcome } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';
import { restBefore } from '../rest.ts';
import { type AnchorDocument, AUDIT_LOG, type LogDocument } from './audit-documents.ts';
import { ChainEnd, type ChainWriter } from './chain-end.ts';

/** Most records that wait to be appended; more are refused as `unavailable`. */
const MAX_WAITING = 20_000;
/** Longest time in which a batch may be tried again, in milliseconds; the last try may still be under way then. */
const DECIDED_WITHIN_MS = 5_000;

interface Waiting {
  readonly acts: readonly SaidAct[];
  readonly answer: PromiseWithResolvers<void>;
}

/**
 * The one place where a process puts records into the log: one batch at a time. The log's documents are numbered without
 * gaps, and whoever inserts a number has appended; he tries number n+1 only when n is stored for good, so that nothing can
 * appear before what a reader has seen. The ids of records are unique in the log, whoever brings them.
 */
export class ChainAppender {
  readonly #store: MongoStore;
  readonly #documents: Collection<LogDocument>;
  readonly #end: ChainEnd;
  readonly #nowMs: () => number;
  readonly #queue: Waiting[] = [];
  #waiting = 0;
  #isWorking = false;
  /** Whether what is known of the end of the log has to be read before anything is tried. */
  #mustLook = true;

  constructor(store: MongoStore, writer: ChainWriter, nowMs: () => number) {
    this.#store = store;
    this.#documents = store.collection(AUDIT_LOG);
    this.#end = new ChainEnd(this.#documents, writer);
    this.#nowMs = nowMs;
  }

  onStored(listener: (record: ChainedRecord) => void): void {
    this.#end.onStored = listener;
  }

  /**
   * Appends what the log has not got yet, all of it in one write, at most {@link MAX_RECORDS_AT_ONCE}. A repeat is safe.
   *
   * @throws PortError `unavailable` when nothing was written, `timeout` when that is unknown.
   */
  append(acts: readonly SaidAct[]): Promise<void> {
    invariant(acts.length <= MAX_RECORDS_AT_ONCE, 'so many records are more than one write');
    if (this.#waiting + acts.length > MAX_WAITING) {
      return Promise.reject(new PortError('unavailable', 'store', 'too many records wait for MongoDB'));
    }
    const answer = Promise.withResolvers<void>();
    this.#waiting += acts.length;
    this.#queue.push({ acts, answer });
    if (!this.#isWorking) void this.#work();
    return answer.promise;
  }

  /** Begins the chain if it has not begun, and tells where it stands. @throws PortError as `append` does. */
  async anchor(): Promise<AnchorDocument> {
    await this.append([]);
    const head: ChainHead | undefined = this.#end.head;
    invariant(head !== undefined, 'a chain that has begun has a head');
    return this.#end.anchorOf(head, this.#nowMs());
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      try {
        await this.#decide(batch.flatMap(({ acts }) => acts));
        for (const { answer } of batch) answer.resolve();
      } catch (error) {
        for (const { answer } of batch) answer.reject(error);
      }
    }
    this.#isWorking = false;
  }

  /** What shares the next document. */
  #take(): readonly Waiting[] {
    let records = 0;
    const end = this.#queue.findIndex(({ acts }) => {
      records += acts.length;
      return records > MAX_RECORDS_AT_ONCE;
    });
    const taken = this.#queue.splice(0, end < 0 ? this.#queue.length : end);
    for (const { acts } of taken) this.#waiting -= acts.length;
    return taken;
  }

  async #decide(wanted: readonly SaidAct[]): Promise<void> {
    const untilMs = performance.now() + DECIDED_WITHIN_MS;
    let isUnknown = false;
    for (let round = 1; ; round += 1) {
      let cause: unknown;
      try {
        return await this.#try(wanted);
      } catch (error) {
        if (!(error instanceof PortError)) throw error;
        isUnknown ||= isUnknownOutcome(error);
        cause = error;
      }
      if (performance.now() > untilMs) throw undecided(isUnknown, cause);
      await restBefore(round);
    }
  }

  /** Tries once, after it is known what has become of the try before. */
  async #try(wanted: readonly SaidAct[]): Promise<void> {
    let acts = wanted;
    if (this.#mustLook) {
      acts = await this.#store.read(async () => {
        await this.#end.look();
        return this.#missing(wanted);
      });
    }
    if (acts.length === 0 && this.#end.head !== undefined) {
      this.#mustLook = false;
      return;
    }
    const document = this.#end.next(acts, this.#nowMs());
    this.#mustLook = true;
    await this.#store.write(() => this.#documents.insertOne(document));
    this.#mustLook = false;
    this.#end.advance(document);
  }

  async #missing(acts: readonly SaidAct[]): Promise<readonly SaidAct[]> {
    if (acts.length === 0) return acts;
    const asked = acts.map(({ id }) => id);
    const found = await this.#documents
      .find({ 'entries.id': { $in: asked } }, { projection: { 'entries.id': 1 } })
      .toArray();
    const there = new Set(found.flatMap(({ entries }) => entries.map(({ id }) => id)));
    return acts.filter(({ id }) => !there.has(id));
  }
}

const undecided = (isUnknown: boolean, cause: unknown): PortError =>
  isUnknown
    ? new PortError('timeout', 'store', 'nobody knows yet whether it is recorded', { cause })
    : new PortError('unavailable', 'store', 'it could not be recorded', { cause });
