import { setTimeout as pause } from 'node:timers/promises';
import type { Collection, ObjectId } from 'mongodb';
import { PortError } from '../../../../application/ports/port-error.ts';
import { takenPlaces } from '../mongo-fault.ts';
import type { BatchDocument } from './streaming-documents.ts';

/** Inserts that may be under way at once: while they are, what comes gathers for the next one. */
const INSERTS_IN_FLIGHT = 2;
/**
 * Batches that are worth an insert. One costs its sender and MongoDB several times what a batch in it does: a fleet whose
 * nodes have a few streams each would else send one for nearly each of their words.
 */
const WORTH_AN_INSERT = 8;
/**
 * From the beginning of an insert to that of the next one, in milliseconds, where less has gathered than is worth one: the
 * longest that a word waits for company. Whoever writes where nothing was written for so long waits for nothing.
 */
const INSERT_EVERY_MS = 20;
/** Text of one insert, in UTF-16 code units; a batch that is larger is inserted alone. */
const MAX_INSERT_CHARS = 8_388_608;
/** Appends that are answered in one turn of the event loop: everything else has its turn after so many sends. */
const ANSWERED_AT_ONCE = 16;
/** Longest time in which an insert may be tried again, in milliseconds; the last try may still be under way then. */
const DECIDED_WITHIN_MS = 5_000;
/** Rest before an insert is tried again, in milliseconds. */
const REST_MS = 20;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One batch with whoever waits for it. */
interface Waiting {
  readonly batch: BatchDocument;
  readonly answer: PromiseWithResolvers<void>;
}

/** What became of a batch: `taken` when another one has its key. */
type Fate = 'stored' | 'taken' | Error;

/** A batch whose fate is known, or has been asked for for too long. */
interface Decided {
  readonly answer: PromiseWithResolvers<void>;
  readonly fate: Fate;
}

/**
 * Inserts the batches of many streams together: what they append in one turn of the event loop, while earlier inserts are
 * under way, or soon after one, is one unordered insert, and each batch has its own outcome.
 */
export class BatchInserter {
  readonly #batches: Collection<BatchDocument>;
  readonly #writer: ObjectId;
  readonly #everyMs: number;
  #gathered: Waiting[] = [];
  #inFlight = 0;
  #scheduled = false;
  /** When the last insert began, by the monotonic clock. */
  #begunAtMs = Number.NEGATIVE_INFINITY;
  #alarm: NodeJS.Timeout | undefined;

  /**
   * @param writer names this process among all that insert.
   * @param everyMs how long what is not worth an insert may wait for more, from the last one on.
   */
  constructor(batches: Collection<BatchDocument>, writer: ObjectId, everyMs: number = INSERT_EVERY_MS) {
    this.#everyMs = everyMs;
    this.#batches = batches;
    this.#writer = writer;
  }

  /**
   * Inserts a batch. Resolves when it is on the disks of a majority.
   *
   * @throws PortError `conflict` when its key is taken, `timeout` when nobody knows whether it is stored, `unavailable`
   *   when it is not.
   */
  insert(batch: Omit<BatchDocument, 'writer'>): Promise<void> {
    const answer = Promise.withResolvers<void>();
    this.#gathered.push({ batch: { ...batch, writer: this.#writer }, answer });
    this.#schedule();
    return answer.promise;
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= INSERTS_IN_FLIGHT || this.#gathered.length === 0) return;
    const restMs = this.#begunAtMs + this.#everyMs - performance.now();
    if (restMs > 0 && this.#gathered.length < WORTH_AN_INSERT) {
      this.#alarm ??= setTimeout(() => this.#wake(), Math.ceil(restMs));
      return;
    }
    clearTimeout(this.#alarm);
    this.#alarm = undefined;
    this.#scheduled = true;
    setImmediate(() => this.#begin());
  }

  #wake(): void {
    this.#alarm = undefined;
    this.#schedule();
  }

  #begin(): void {
    this.#scheduled = false;
    this.#begunAtMs = performance.now();
    this.#inFlight += 1;
    void this.#insertAll(this.#take());
    this.#schedule();
  }

  /** What goes into the next insert; at least one batch. */
  #take(): readonly Waiting[] {
    let chars = 0;
    const end = this.#gathered.findIndex(({ batch }, index) => {
      chars += batch.lines?.length ?? 0;
      return index > 0 && chars > MAX_INSERT_CHARS;
    });
    return this.#gathered.splice(0, end < 0 ? this.#gathered.length : end);
  }

  /** Inserts until the fate of every batch is known, or for too long. */
  async #insertAll(waiting: readonly Waiting[]): Promise<void> {
    const untilMs = performance.now() + DECIDED_WITHIN_MS;
    let left = waiting;
    while (left.length > 0) {
      const fates = await this.#tryInsert(left.map(({ batch }) => batch));
      const isLast = performance.now() > untilMs;
      const decided: Decided[] = [];
      const undecided: Waiting[] = [];
      for (const [index, { batch, answer }] of left.entries()) {
        const fate = fates[index] ?? 'taken';
        if (fate instanceof Error && !isLast) undecided.push({ batch, answer });
        else decided.push({ answer, fate });
      }
      left = undecided;
      // The next insert waits for the fates of this one alone, and not for those who hear of them.
      if (left.length === 0) this.#free();
      await answerAll(decided);
      if (left.length > 0) await pause(REST_MS);
    }
  }

  #free(): void {
    this.#inFlight -= 1;
    this.#schedule();
  }

  /** Inserts batches. Returns the fate of each, in their order. */
  async #tryInsert(documents: readonly BatchDocument[]): Promise<readonly Fate[]> {
    try {
      await this.#batches.insertMany(documents, { ordered: false });
      return documents.map(() => 'stored');
    } catch (error) {
      const taken = takenPlaces(error, documents.length);
      if (taken === undefined) return this.#lookUp(documents, error);
      // An insert that is repeated meets itself: what has the key may be this very batch.
      const met = await this.#lookUp(
        taken.map((index) => documents[index] as BatchDocument),
        error,
      );
      const fates: Fate[] = documents.map(() => 'stored');
      for (const [place, index] of taken.entries()) fates[index] = met[place] ?? 'taken';
      return fates;
    }
  }

  /** Reads by key what became of batches. */
  async #lookUp(documents: readonly BatchDocument[], cause: unknown): Promise<readonly Fate[]> {
    const unknown = new PortError('timeout', 'store', 'nobody knows yet whether events are stored', {
      cause,
    });
    try {
      const found = await this.#batches
        .find({ _id: { $in: documents.map(({ _id }) => _id) } }, { projection: { writer: 1, lines: 1 } })
        .toArray();
      const byKey = new Map(found.map((batch) => [batch._id, batch]));
      return documents.map((batch) => fateOf(batch, byKey.get(batch._id)) ?? unknown);
    } catch {
      return documents.map(() => unknown);
    }
  }
}

function fateOf(
  { writer, lines }: BatchDocument,
  found: Pick<BatchDocument, 'writer' | 'lines'> | undefined,
): Fate | undefined {
  if (found === undefined) return undefined;
  return found.writer.equals(writer) && found.lines === lines ? 'stored' : 'taken';
}

/**
 * Answers a slice at a time. An answer sends events to readers, and a thousand of those in one go would keep whoever asks
 * for something new waiting behind all of them.
 */
async function answerAll(decided: readonly Decided[]): Promise<void> {
  for (const [index, { answer, fate }] of decided.entries()) {
    if (index > 0 && index % ANSWERED_AT_ONCE === 0) await nextTurn();
    if (fate === 'stored') answer.resolve();
    else answer.reject(fate === 'taken' ? conflict() : fate);
  }
}

/** What whoever comes second at an end of a log is told. */
export const conflict = (): PortError =>
  new PortError('conflict', 'store', 'the stream is not running or the offset is not the next one');
