import { PortError } from '../../../../application/ports/port-error.ts';
import type { CreditReservationState } from '../../../../domain/accounting/credit-reservation.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { ActOutbox } from '../audit/act-outbox.ts';
import { isUnknownOutcome } from '../mongo-fault.ts';
import { restBefore } from '../rest.ts';
import type { AccountOperation } from './account-operations.ts';
import type { AccountStore } from './account-store.ts';
import { AccountWork, KEPT_WRITERS } from './account-work.ts';
import { type HoldClaims, reservationOf } from './hold-claims.ts';
import type { JournalLog } from './journal-log.ts';
import type { AccountDocument, ReservationDocument } from './ledger-documents.ts';
import type { OutboxPump } from './outbox-pump.ts';

/** Longest time that a batch is tried for, in milliseconds. */
const TRY_FOR_MS = 15_000;
/** An account whose outbox holds so many items has it handed on before it decides anything more. */
const MAX_OUTBOX_ITEMS = 1_024;

export interface BatchDeps {
  readonly accounts: AccountStore;
  readonly claims: HoldClaims;
  readonly journal: JournalLog;
  readonly pump: OutboxPump;
  readonly sign: ActOutbox['sign'];
}

/** What one operation of a batch came to. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * One write of one account: reads it, decides all operations, claims the ids of new holds, and replaces what was read,
 * or begins anew when another node was faster. After a lost answer it looks for its own mark in the account.
 */
export class BatchCommit {
  readonly #deps: BatchDeps;
  readonly #userId: UserId;
  readonly #operations: ReadonlyArray<AccountOperation<unknown>>;
  /** Marks this batch's write in the account. */
  readonly #writer: string;
  readonly #nowMs: number;
  /** Ids that are claimed for this account. */
  readonly #claimed = new Set<string>();
  /** Ids of refused reserves that were looked up since the account was read. */
  readonly #lookedUp = new Set<string>();
  readonly #known = new Map<string, CreditReservationState | 'of-another'>();
  #journaled: ReadonlySet<string> = new Set();
  #base: AccountDocument | undefined;
  /** Whether the base was read for this batch: a refusal must not rest on what was remembered. */
  #isFresh = false;
  /** The answers of a write that may have been done, and the version that it was to replace. */
  #doubtful: { readonly outcomes: readonly Outcome[]; readonly version: number } | undefined;

  constructor(
    deps: BatchDeps,
    userId: UserId,
    operations: ReadonlyArray<AccountOperation<unknown>>,
    writer: string,
  ) {
    this.#deps = deps;
    this.#userId = userId;
    this.#operations = operations;
    this.#writer = writer;
    this.#nowMs = Math.max(...operations.map(({ atMs }) => atMs));
    // What the journal is asked about may have left the outbox that is remembered.
    const asksJournal = operations.some(({ entryId }) => entryId !== undefined);
    if (!asksJournal) this.#base = deps.accounts.remembered(userId);
  }

  /** @throws PortError `unavailable` when nothing was written, `timeout` when that is not known. */
  async run(): Promise<readonly Outcome[]> {
    const deadline = performance.now() + TRY_FOR_MS;
    for (let tries = 0; ; tries += 1) {
      try {
        const outcomes = await this.#try();
        if (outcomes !== undefined) return outcomes;
      } catch (error) {
        // While a write may have been done, only what is stored can tell: the store is asked until it answers. What goes
        // before the account's write may be repeated, whatever became of it.
        const isPlain = this.#doubtful === undefined && !isUnknownOutcome(error);
        if (isPlain || !(error instanceof PortError)) throw error;
      }
      if (performance.now() > deadline) {
        if (this.#doubtful !== undefined)
          throw new PortError('timeout', 'store', 'MongoDB did not say whether a write was done');
        throw new PortError('unavailable', 'store', 'this account is too busy');
      }
      if (tries > 1) await restBefore(tries);
    }
  }

  /** Undefined: try again. */
  async #try(): Promise<readonly Outcome[] | undefined> {
    const base = this.#base ?? (await this.#read());
    if (this.#doubtful !== undefined) {
      if (base.writers.includes(this.#writer)) return this.#doubtful.outcomes;
      // Another's write has taken the place of the doubtful one, which can never be done any more.
      const passed = base.version - this.#doubtful.version;
      if (passed > 0 && passed <= KEPT_WRITERS) this.#doubtful = undefined;
    }
    if (base.outbox.length >= MAX_OUTBOX_ITEMS) {
      await this.#deps.pump.drainAccount(this.#userId);
      this.#base = undefined;
      return undefined;
    }
    await this.#learn(base);
    const facts = { known: this.#known, journaled: this.#journaled };
    const work = new AccountWork(base, facts, this.#deps.sign);
    const outcomes = this.#operations.map((operation) => decided(operation, work));
    if (await this.#isRefusedForTheId(outcomes)) return undefined;
    if (work.isChanged) return this.#store(work, outcomes);
    if (this.#isFresh) return outcomes;
    this.#base = undefined;
    return undefined;
  }

  async #read(): Promise<AccountDocument> {
    const base = await this.#deps.accounts.read(this.#userId);
    this.#base = base;
    this.#isFresh = true;
    this.#known.clear();
    this.#lookedUp.clear();
    return base;
  }

  /** Looks up what operations need and the account does not have; after the account, so that it is not older. */
  async #learn(base: AccountDocument): Promise<void> {
    const had = new Set(Object.values(base.holds).map(({ id }) => id));
    const ids = this.#operations.flatMap(({ holdId }) =>
      holdId === undefined || had.has(holdId) || this.#known.has(holdId) ? [] : [holdId],
    );
    if (ids.length > 0) this.#note(await this.#deps.claims.find(ids));
    const entryIds = this.#operations.flatMap(({ entryId }) => entryId ?? []);
    if (entryIds.length > 0) this.#journaled = await this.#deps.journal.present(entryIds);
  }

  /** Looks up the ids of refused reserves: a repeat, or another's id, is told from a lack of credit by it. */
  async #isRefusedForTheId(outcomes: readonly Outcome[]): Promise<boolean> {
    const ids = this.#operations.flatMap(({ newId }, place) => {
      const isRefused = newId !== undefined && 'error' in (outcomes[place] ?? {});
      return isRefused && !this.#known.has(newId) && !this.#lookedUp.has(newId) ? [newId] : [];
    });
    if (ids.length === 0) return false;
    for (const id of ids) this.#lookedUp.add(id);
    return this.#note(await this.#deps.claims.find(ids));
  }

  /** Takes note of claims, and says whether one of them changes what was known. */
  #note(claims: readonly ReservationDocument[]): boolean {
    let isNews = false;
    for (const claim of claims) {
      const reservation = reservationOf(claim);
      if (reservation === undefined && claim.userId === this.#userId) {
        this.#claimed.add(claim._id);
      } else {
        this.#known.set(claim._id, reservation ?? 'of-another');
        isNews = true;
      }
    }
    return isNews;
  }

  async #store(work: AccountWork, outcomes: readonly Outcome[]): Promise<readonly Outcome[] | undefined> {
    const { accounts, claims, pump } = this.#deps;
    const unclaimed = [...work.holds.values()].filter(({ id }) => this.#isUnclaimed(work, id));
    if (unclaimed.length > 0) {
      const taken = await claims.claim(
        unclaimed.map(({ id, openedAtMs }) => ({ _id: id, userId: this.#userId, openedAtMs })),
      );
      if (this.#note(taken)) return undefined;
      for (const { id } of unclaimed) this.#claimed.add(id);
    }
    const closed = work.closedToForget(this.#nowMs);
    if (closed.length > 0) await claims.keep(closed);
    work.forget(closed, this.#nowMs);
    const written = await accounts.write(work, this.#writer);
    if (written === 'written') {
      if (work.items.length > 0) pump.touch(this.#userId);
      return outcomes;
    }
    if (written === 'unknown') this.#doubtful = { outcomes, version: work.base.version };
    this.#base = undefined;
    return undefined;
  }

  #isUnclaimed(work: AccountWork, id: string): boolean {
    return !this.#claimed.has(id) && !this.#known.has(id) && !work.hadHold(id);
  }
}

function decided(operation: AccountOperation<unknown>, work: AccountWork): Outcome {
  try {
    return { value: operation.decide(work) };
  } catch (error) {
    return { error };
  }
}
