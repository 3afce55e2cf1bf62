import type { ClientSession } from 'mongodb';
import type { LoginEnd } from '../../../../application/ports/identity/login-ends.ts';
import { REVOCATION_KEPT_MS } from '../../../../application/ports/identity/revocation-log.ts';
import type { Lanes } from '../lanes.ts';
import type { IdentityCollections } from './identity-collections.ts';

/** The document at which all that append meet. */
export const HEAD = 'head';
/** The lane of this process's writes that append. */
const LANE = 'revocations';

/** An end, and when it was, in Unix milliseconds. */
export interface TimedEnd {
  readonly end: LoginEnd;
  readonly atMs: number;
}

/**
 * Appends to the revocation log within the transactions that end logins and keys. All of them write to one document, so
 * that one commits after the other and the sequences that it gives have no gap.
 */
export class RevocationAppender {
  readonly #in: IdentityCollections;
  readonly #lanes: Lanes;
  /** The time of the last end that was appended; what is forgotten is too old for it. */
  #lastMs = 0;

  constructor(collections: IdentityCollections, lanes: Lanes) {
    this.#in = collections;
    this.#lanes = lanes;
  }

  /** Does a write that ends something when this process's others are done, and forgets what nobody may ask for. */
  async ending<Out>(write: () => Promise<Out>): Promise<Out> {
    const outcome = await this.#lanes.run(LANE, write);
    // What it fails to forget is forgotten after another end.
    await this.#forget().catch(() => undefined);
    return outcome;
  }

  /**
   * Takes the log for a transaction. A long one does so before all else: a transaction that comes to the log late gives
   * way to each that was committed meanwhile, and might do so for ever.
   */
  async take(session: ClientSession): Promise<void> {
    await this.#in.heads.updateOne({ _id: HEAD }, { $inc: { turns: 1 } }, { session, upsert: true });
  }

  /** Appends ends; their times never go back. */
  async append(ends: readonly TimedEnd[], session: ClientSession): Promise<void> {
    if (ends.length === 0) return;
    const before = await this.#in.heads.findOneAndUpdate(
      { _id: HEAD },
      { $inc: { head: ends.length }, $max: { atMs: Math.max(...ends.map(({ atMs }) => atMs)) } },
      { session, upsert: true, returnDocument: 'before' },
    );
    let lastMs = before?.atMs ?? 0;
    let sequence = before?.head ?? 0;
    const entries = ends.map(({ end, atMs }) => {
      lastMs = Math.max(lastMs, atMs);
      sequence += 1;
      return { _id: sequence, atMs: lastMs, end };
    });
    await this.#in.revocations.insertMany(entries, { session });
    this.#lastMs = lastMs;
  }

  /** The floor is raised first, so that a reader who finds an entry missing finds itself below it. */
  async #forget(): Promise<void> {
    const { heads, revocations } = this.#in;
    const last = await revocations.findOne(
      { atMs: { $lt: this.#lastMs - REVOCATION_KEPT_MS } },
      { sort: { atMs: -1, _id: -1 }, projection: { _id: 1 } },
    );
    if (last === null) return;
    await heads.updateOne({ _id: HEAD }, { $max: { floor: last._id } });
    await revocations.deleteMany({ _id: { $lte: last._id } });
  }
}
