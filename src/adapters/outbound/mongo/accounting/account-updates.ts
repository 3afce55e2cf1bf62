import type { Collection, UpdateFilter } from 'mongodb';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { Gathered } from '../gathered.ts';
import { isUnknownOutcome } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';
import { KEPT_WRITERS } from './account-work.ts';
import type { AccountDocument } from './ledger-documents.ts';

/** Most updates of one command, and commands that may be under way at once. */
const SHARING = { mostAtOnce: 64, inFlight: 8 } as const;

/** What replaces one version of an account, and leaves its writer's mark there. */
export interface AccountUpdate {
  readonly _id: UserId;
  readonly version: number;
  readonly writer: string;
  readonly changes: UpdateFilter<AccountDocument>;
}

/** What became of the write of a decision. `unknown`: it may have been done, and the account's marks tell. */
export type Written = 'written' | 'conflict' | 'unknown';

/**
 * Conditional updates of accounts. Those of many accounts that come at once, or while others are under way, are one
 * unordered command: one round trip and one wait for the majority, while each account still decides for itself. A command
 * tells how many of its updates were done and not which: where some were not, the marks are asked for.
 */
export class AccountUpdates {
  readonly #store: MongoStore;
  readonly #documents: Collection<AccountDocument>;
  readonly #gathered = new Gathered<AccountUpdate, Written>((updates) => this.#update(updates), SHARING);

  constructor(store: MongoStore, documents: Collection<AccountDocument>) {
    this.#store = store;
    this.#documents = documents;
  }

  /** @throws PortError `unavailable`: nothing was written. */
  update(update: AccountUpdate): Promise<Written> {
    return this.#gathered.do(update);
  }

  async #update(updates: readonly AccountUpdate[]): Promise<readonly Written[]> {
    const statements = updates.map(({ _id, version, changes }) => ({
      updateOne: { filter: { _id, version }, update: changes },
    }));
    try {
      const { matchedCount } = await this.#store.write(() =>
        this.#documents.bulkWrite(statements, { ordered: false }),
      );
      if (matchedCount === updates.length) return updates.map(() => 'written');
      if (matchedCount === 0) return updates.map(() => 'conflict');
    } catch (error) {
      if (!isUnknownOutcome(error)) throw error;
      return updates.map(() => 'unknown');
    }
    return this.#asked(updates).catch(() => updates.map(() => 'unknown'));
  }

  async #asked(updates: readonly AccountUpdate[]): Promise<readonly Written[]> {
    const ids = updates.map(({ _id }) => _id);
    const found = await this.#store.read(() =>
      this.#documents.find({ _id: { $in: ids } }, { projection: { version: 1, writers: 1 } }).toArray(),
    );
    const accounts = new Map(found.map((account) => [account._id, account]));
    return updates.map((update) => fateOf(update, accounts.get(update._id)));
  }
}

/** Others may have written so often since that a mark has gone: then, and before others' writes are seen, nothing is certain. */
function fateOf(
  { version, writer }: AccountUpdate,
  found: Pick<AccountDocument, 'version' | 'writers'> | undefined,
): Written {
  if (found?.writers.includes(writer)) return 'written';
  const passed = (found?.version ?? 0) - version;
  return passed > 0 && passed <= KEPT_WRITERS ? 'conflict' : 'unknown';
}
