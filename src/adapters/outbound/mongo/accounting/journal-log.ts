import type { Collection } from 'mongodb';
import type { JournalRow } from '../../../../application/ports/accounting/reservation-ledger.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { JournalEntry } from '../../../../domain/accounting/journal-entry.ts';
import { isConflict, isUnknownOutcome } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';
import { restBefore } from '../rest.ts';
import { CURSORS_PER_DOCUMENT, JOURNAL, type JournalDocument, journalCursor } from './ledger-documents.ts';

/** Most entries of one document. */
const MAX_ENTRIES = 1_000;
/** How often an append may lose to other nodes' before it gives up; the outbox keeps what was to be appended. */
const MAX_LOST_RACES = 100;

/**
 * The journal: documents that are numbered without gaps. Whoever inserts a number has appended; he may try number n+1
 * only when n is stored for good, so that nothing can appear before what a reader has seen. The unique index on the
 * entries' ids makes each entry appear once.
 */
export class JournalLog {
  readonly #store: MongoStore;
  readonly #documents: Collection<JournalDocument>;
  /** The last number that is known to be stored for good. */
  #last = 0;

  constructor(store: MongoStore) {
    this.#store = store;
    this.#documents = store.collection(JOURNAL);
  }

  /** Appends what is not there yet, in this order. @throws PortError; a repeat is safe. */
  async append(entries: readonly JournalEntry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += MAX_ENTRIES) {
      await this.#appendDocument(entries.slice(from, from + MAX_ENTRIES));
    }
  }

  /** Which of these entries the journal has. @throws PortError. */
  async present(entryIds: readonly string[]): Promise<Set<string>> {
    if (entryIds.length === 0) return new Set();
    const asked = new Set(entryIds);
    const documents = await this.#store.read(() =>
      this.#documents
        .find({ 'entries.id': { $in: [...asked] } }, { projection: { 'entries.id': 1 } })
        .toArray(),
    );
    const ids = documents.flatMap(({ entries }) => entries.map(({ id }) => id));
    return new Set(ids.filter((id) => asked.has(id)));
  }

  /** The entries after a cursor, oldest first. @throws PortError. */
  async read(afterCursor: number, limit: number): Promise<JournalRow[]> {
    const after = Math.max(0, afterCursor);
    const rows: JournalRow[] = [];
    await this.#store.read(async () => {
      const first = Math.floor(after / CURSORS_PER_DOCUMENT);
      const documents = this.#documents.find(
        { _id: { $gte: first } },
        { sort: { _id: 1 }, limit: limit + 1 },
      );
      for await (const { _id, entries } of documents) {
        for (const [place, entry] of entries.entries()) {
          const cursor = journalCursor(_id, place);
          if (cursor > after) rows.push({ cursor, entry });
        }
        if (rows.length >= limit) break;
      }
    });
    return rows.slice(0, limit);
  }

  async #appendDocument(wanted: readonly JournalEntry[]): Promise<void> {
    let entries = wanted;
    for (let race = 0; race < MAX_LOST_RACES && entries.length > 0; race += 1) {
      const number = this.#last + 1;
      try {
        await this.#store.write(() => this.#documents.insertOne({ _id: number, entries }));
        this.#last = Math.max(this.#last, number);
        return;
      } catch (error) {
        if (!isConflict(error) && !isUnknownOutcome(error)) throw error;
      }
      // The number is taken, or an entry is there, or the answer was lost: what is stored tells.
      await this.#findLast();
      const present = await this.present(entries.map(({ id }) => id));
      entries = entries.filter(({ id }) => !present.has(id));
      // What another has inserted is seen once a majority has it, which may take longer than many tries.
      if (entries.length > 0) await restBefore(race + 1);
    }
    if (entries.length > 0) throw new PortError('unavailable', 'store', 'the journal is too busy');
  }

  /** Reads with a majority's eyes: a number that could still be lost must not be built on. */
  async #findLast(): Promise<void> {
    const last = await this.#store.read(() =>
      this.#documents.findOne({}, { sort: { _id: -1 }, projection: { _id: 1 } }),
    );
    this.#last = Math.max(this.#last, last?._id ?? 0);
  }
}
