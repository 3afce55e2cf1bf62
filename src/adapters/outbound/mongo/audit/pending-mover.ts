import type { Collection } from 'mongodb';
import type { Authenticate } from '../../../../domain/audit/audit-chain.ts';
import { auditText, MAX_RECORDS_AT_ONCE } from '../../../../domain/audit/audit-record.ts';
import { isAuthenticPending, type SaidAct } from '../../../../domain/audit/pending-act.ts';
import type { MongoStore } from '../mongo-store.ts';
import { AUDIT_PENDING, type PendingAuditDocument } from './audit-documents.ts';
import type { ChainAppender } from './chain-appender.ts';

/** How long what was recorded here may gather before it is chained, in milliseconds; who reads does not wait for that. */
const GATHER_MS = 100;
/** How often it is looked for what other nodes have left, in milliseconds. */
const LOOK_EVERY_MS = 2_000;
/** A record that is brought once more by a lost confirmation of this write is in the log already. */
const LAZY = { writeConcern: { w: 1 } } as const;

/**
 * Takes the records that were stored with their acts into this process's chain, whichever process stored them. Any number
 * of processes may do so at once: the log has each record once, and what it has may be removed here by anybody.
 */
export class PendingMover {
  readonly #store: MongoStore;
  readonly #pending: Collection<PendingAuditDocument>;
  readonly #appender: ChainAppender;
  readonly #keys: readonly Authenticate[];
  readonly #nowMs: () => number;
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;
  #isFailing = false;
  /** Hears, once, that what waits cannot be chained, and will be later. */
  onFailure: (error: unknown) => void = () => {};

  constructor(
    store: MongoStore,
    appender: ChainAppender,
    keys: readonly Authenticate[],
    nowMs: () => number,
  ) {
    this.#store = store;
    this.#pending = store.collection(AUDIT_PENDING);
    this.#appender = appender;
    this.#keys = keys;
    this.#nowMs = nowMs;
  }

  /** Looks from now on for what is left by others. */
  start(): void {
    this.#wakeIn(LOOK_EVERY_MS);
  }

  /** Notes that there is, or soon will be, something of this process. */
  touch(): void {
    this.#wakeIn(GATHER_MS);
  }

  /** Chains everything that was stored before this call, by any process. @throws PortError. */
  drain(): Promise<void> {
    const turn = this.#turn.then(async () => {
      while ((await this.#moveSome()) === MAX_RECORDS_AT_ONCE) {
        // There may be more.
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Chains what waits once more, if it can, and ends; what is left is any process's. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    // Where it has just failed, the end of the program does not wait for one more failure.
    await (this.#isFailing ? this.#turn : this.#drainOrTell());
  }

  #wakeIn(restMs: number): void {
    const dueAtMs = performance.now() + restMs;
    if (this.#isClosed || dueAtMs >= this.#dueAtMs) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => void this.#wake(), restMs).unref();
  }

  async #wake(): Promise<void> {
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    await this.#drainOrTell();
    this.#wakeIn(LOOK_EVERY_MS);
  }

  /** What cannot be chained now stays where it is, and is looked for again; it is told once. */
  async #drainOrTell(): Promise<void> {
    try {
      await this.drain();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.onFailure(error);
      this.#isFailing = true;
    }
  }

  /** Chains the oldest. Returns how many there were. */
  async #moveSome(): Promise<number> {
    const found = await this.#store.read(() =>
      this.#pending.find({}, { sort: { atMs: 1, _id: 1 }, limit: MAX_RECORDS_AT_ONCE }).toArray(),
    );
    if (found.length === 0) return 0;
    await this.#appender.append(found.map((pending) => this.#said(pending)));
    const ids = found.map(({ _id }) => _id);
    await this.#store.write(() => this.#pending.deleteMany({ _id: { $in: ids } }, LAZY));
    return found.length;
  }

  /**
   * What has no code of ours is not signed as what it says, nor under the id that it has, which may be meant for another:
   * it is recorded that it was there.
   */
  #said({ _id: id, atMs, text, mac }: PendingAuditDocument): SaidAct {
    const isOurs = this.#keys.some((key) => isAuthenticPending({ id, atMs, text, mac }, key));
    if (isOurs) return { id, atMs, text };
    const record = { act: UNAUTHENTIC, outcome: 'refused', actor: 'system', object: String(id) } as const;
    const said = auditText({ ...record, facts: { said: String(text) } });
    return { id: `${UNAUTHENTIC}:${String(id)}`, atMs: this.#nowMs(), text: said };
  }
}

/** The act of a record that waited and is not what was written, or was written with another key. */
const UNAUTHENTIC = 'audit.unauthentic';
