import { type Collection, type Document, ObjectId } from 'mongodb';
import type {
  AttemptCounter,
  AttemptCounters,
  AttemptOutcome,
  AttemptRule,
} from '../../../../application/ports/identity/attempt-counters.ts';
import type { MongoStore } from '../mongo-store.ts';
import { changeOrMake } from './change-or-make.ts';
import { ATTEMPTS, type AttemptDocument, NOW_MS } from './fleet-documents.ts';

/**
 * Attempts of all nodes, counted on MongoDB by its clock: a key's window is one document and each attempt one update of
 * it. The server removes what has ended.
 *
 * rate-limiter-flexible keeps windows on MongoDB too, but goes by each node's own clock, counts what it refuses, and
 * lets a count that is given back go below nothing.
 */
export class MongoAttemptCounters implements AttemptCounters {
  readonly #store: MongoStore;

  constructor(store: MongoStore) {
    this.#store = store;
  }

  open(rule: AttemptRule): AttemptCounter {
    return new MongoCounter(this.#store, rule);
  }
}

/** The window of a key of which no attempt was ever counted. */
const NEVER = { count: 0, counted: false, endsAtMs: 0, atMs: 0, endsAt: new Date(0) };

class MongoCounter implements AttemptCounter {
  readonly #store: MongoStore;
  readonly #attempts: Collection<AttemptDocument>;
  readonly #rule: AttemptRule;

  constructor(store: MongoStore, rule: AttemptRule) {
    this.#store = store;
    // Counts may be lost: those of a server that is lost with its memory are not worth a wait for a majority. They are
    // looked at where they are counted, since a majority may have an older count.
    this.#attempts = store.collection<AttemptDocument>(ATTEMPTS, {
      writeConcern: { w: 1 },
      readConcern: { level: 'local' },
    });
    this.#rule = rule;
  }

  async count(key: string, windowMs = this.#rule.windowMs): Promise<AttemptOutcome> {
    const fields = counting(this.#rule.limit, windowMs, new ObjectId().toHexString());
    const window = await changeOrMake(this.#store, this.#attempts, { _id: this.#id(key), ...NEVER }, fields);
    if (window.counted) return { kind: 'counted', count: window.count, window: window.window ?? '' };
    return { kind: 'refused', retryAfterMs: window.endsAtMs - window.atMs };
  }

  async giveBack(key: string, window: string): Promise<void> {
    const less = { $set: { count: { $max: [0, { $subtract: ['$count', 1] }] } } };
    await this.#store.write(() => this.#attempts.updateOne({ _id: this.#id(key), window }, [less]));
  }

  async forget(key: string): Promise<void> {
    await this.#store.write(() => this.#attempts.deleteOne({ _id: this.#id(key) }));
  }

  async look(key: string): Promise<{ readonly count: number; readonly endsInMs: number } | undefined> {
    const [window] = await this.#store.read(() =>
      this.#attempts
        .aggregate<AttemptDocument & { readonly nowMs: number }>([
          { $match: { _id: this.#id(key), count: { $gt: 0 } } },
          { $project: { count: 1, endsAtMs: 1, nowMs: NOW_MS } },
        ])
        .toArray(),
    );
    if (window === undefined || window.endsAtMs <= window.nowMs) return undefined;
    return { count: window.count, endsInMs: window.endsAtMs - window.nowMs };
  }

  #id(key: string): string {
    return `${this.#rule.name} ${key}`;
  }
}

/** A window's fields after an attempt, by what they were before; `name` is for one that this attempt opens. */
function counting(limit: number, windowMs: number, name: string): Document {
  const isOpen = { $and: [{ $gt: ['$count', 0] }, { $gt: ['$endsAtMs', NOW_MS] }] };
  const isFull = { $and: [isOpen, { $gte: ['$count', limit] }] };
  const endsAtMs = { $cond: [isOpen, '$endsAtMs', { $add: [NOW_MS, windowMs] }] };
  return {
    count: { $cond: [isOpen, { $cond: [isFull, '$count', { $add: ['$count', 1] }] }, 1] },
    window: { $cond: [isOpen, '$window', { $literal: name }] },
    counted: { $not: [isFull] },
    endsAtMs,
    atMs: NOW_MS,
    endsAt: { $toDate: endsAtMs },
  };
}
