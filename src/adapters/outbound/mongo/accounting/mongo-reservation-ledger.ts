import type { Collection } from 'mongodb';
import type {
  ClosedHold,
  JournalRow,
  LedgerAct,
  ReservationLedger,
  UsageRecord,
  UsageTotals,
} from '../../../../application/ports/accounting/reservation-ledger.ts';
import type { Adjustment } from '../../../../domain/accounting/adjust-credit.ts';
import {
  CreditAccount,
  type CreditAccountState,
  type ReserveRequest,
} from '../../../../domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../../../domain/accounting/credit-grant.ts';
import { type CreditReservationState, NOBODY } from '../../../../domain/accounting/credit-reservation.ts';
import type { CreditMicros } from '../../../../domain/accounting/credits.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { invariant } from '../../../../domain/invariant.ts';
import type { ActOutbox } from '../audit/act-outbox.ts';
import { isConflict } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';
import {
  type AccountOperation,
  adjustOn,
  deductOn,
  expireOn,
  extendOn,
  grantOn,
  lapseOn,
  notFound,
  releaseOn,
  reserveOn,
  settleOn,
} from './account-operations.ts';
import { AccountStore } from './account-store.ts';
import { AccountWriter } from './account-writer.ts';
import { HoldClaims } from './hold-claims.ts';
import { JournalLog } from './journal-log.ts';
import {
  ACCOUNTS,
  type AccountDocument,
  accountState,
  USAGE,
  type UsageDocument,
} from './ledger-documents.ts';
import { LedgerReads } from './ledger-reads.ts';
import { OutboxPump } from './outbox-pump.ts';
import { usageTotals } from './usage-totals.ts';

/** What the ledger tells, and asks, beside its port. */
export interface LedgerSurroundings {
  /** Signs the audit records of acts; without it no act that is audited can be done. */
  readonly audit?: ActOutbox;
  /** Hears of what could not be handed on, and will be later. */
  readonly onFailure?: (error: unknown) => void;
}

const UNAUDITED: ActOutbox = {
  sign: () => {
    invariant(false, 'a ledger that records acts is opened with an audit key');
    return [];
  },
  arrived: () => {},
};

/**
 * The ledger of a fleet. An account, its holds and what it has to tell are one document, and a decision replaces the
 * version that it was made from, or nothing; journal, usage records and lists follow by the outbox, and every read of
 * them has the outboxes handed on first.
 */
export class MongoReservationLedger implements ReservationLedger {
  readonly #store: MongoStore;
  readonly #accounts: AccountStore;
  readonly #claims: HoldClaims;
  readonly #journal: JournalLog;
  readonly #pump: OutboxPump;
  readonly #writer: AccountWriter;
  readonly #reads: LedgerReads;
  readonly #documents: Collection<AccountDocument>;
  readonly #usage: Collection<UsageDocument>;

  constructor(store: MongoStore, { audit = UNAUDITED, onFailure = () => {} }: LedgerSurroundings = {}) {
    this.#store = store;
    this.#accounts = new AccountStore(store);
    this.#claims = new HoldClaims(store);
    this.#journal = new JournalLog(store);
    this.#pump = new OutboxPump(store, this.#journal);
    this.#pump.onFailure = onFailure;
    this.#pump.onAudit = () => audit.arrived();
    this.#pump.onHandedOn = (userId, seq) => this.#accounts.handedOn(userId, seq);
    this.#writer = new AccountWriter({
      accounts: this.#accounts,
      claims: this.#claims,
      journal: this.#journal,
      pump: this.#pump,
      sign: (act, atMs, records) => audit.sign(act, atMs, records),
    });
    this.#reads = new LedgerReads(store);
    this.#documents = store.collection(ACCOUNTS);
    this.#usage = store.collection(USAGE);
  }

  /** Stops handing on; what is left in the outboxes is any node's. */
  close(): Promise<void> {
    return this.#pump.close();
  }

  /** Hands on what all accounts have to tell, so that whoever reads it elsewhere finds it. @throws PortError. */
  handOn(): Promise<void> {
    return this.#pump.drain();
  }

  reserve(
    userId: UserId,
    request: Omit<ReserveRequest, 'scaledTokens'>,
    nowMs: number,
  ): Promise<CreditReservationState> {
    return this.#writer.perform(userId, reserveOn(request, nowMs));
  }

  async extend(id: string, tokensSoFar: number, nowMs: number): Promise<CreditReservationState | undefined> {
    const owner = await this.#claims.owner(id);
    if (owner === undefined) throw notFound();
    if (owner === NOBODY) return undefined;
    return this.#writer.perform(owner, extendOn(id, tokensSoFar, nowMs));
  }

  async settle(id: string, tokens: number, success: boolean | undefined, nowMs: number): Promise<ClosedHold> {
    const owner = await this.#claims.owner(id);
    if (owner === undefined || owner === NOBODY) throw notFound();
    return this.#writer.perform(owner, settleOn(id, tokens, success, nowMs));
  }

  async release(id: string, tokens: number | undefined, nowMs: number): Promise<ClosedHold | 'unknown'> {
    const owner = await this.#claims.owner(id);
    if (owner === NOBODY) return 'unknown';
    if (owner !== undefined) return this.#writer.perform(owner, releaseOn(id, tokens, nowMs));
    const isVoid = await this.#claims.claimForNobody(id, nowMs);
    if (!isVoid) return this.release(id, tokens, nowMs);
    this.#pump.touch(NOBODY);
    return 'unknown';
  }

  async expireDue(
    nowMs: number,
    limit: number,
  ): Promise<{ readonly holds: number; readonly grants: number }> {
    const due = await this.#store.read(() =>
      this.#documents
        .find({ nextDueAtMs: { $gt: 0, $lte: nowMs } }, { sort: { nextDueAtMs: 1 }, limit })
        .toArray(),
    );
    const closings: Array<Promise<number>> = [];
    let left = limit;
    for (const { _id, holds } of due) {
      const over = Object.values(holds).filter((hold) => hold.state === 'open' && hold.expiresAtMs <= nowMs);
      const share = Math.min(over.length, left);
      if (share > 0) closings.push(this.#writer.perform(_id, expireOn(nowMs, share)));
      left -= share;
    }
    const closed = await Promise.allSettled(closings);
    const lapsing = await this.#store.read(() =>
      this.#documents
        .find({ nextLapseAtMs: { $gt: 0, $lte: nowMs } }, { projection: { _id: 1 }, sort: { _id: 1 }, limit })
        .toArray(),
    );
    const lapsed = await Promise.allSettled(
      lapsing.map(({ _id }) => this.#writer.perform(_id, lapseOn(nowMs))),
    );
    // What nodes that are gone have left in the outboxes is handed on by those that live.
    await this.#pump.drain();
    return { holds: totalOf(closed), grants: totalOf(lapsed) };
  }

  grant(userId: UserId, grant: CreditGrant, act: LedgerAct): Promise<CreditAccountState> {
    return this.#actOn(userId, grantOn(grant, act), act.nowMs);
  }

  adjust(
    userId: UserId,
    change: Adjustment,
    act: LedgerAct,
  ): Promise<{ readonly previousMicros: CreditMicros; readonly newMicros: CreditMicros }> {
    return this.#writer.perform(userId, adjustOn(change, act));
  }

  deduct(
    userId: UserId,
    spend: { readonly id: string; readonly amountMicros: CreditMicros; readonly service: string },
    act: LedgerAct,
  ): Promise<CreditAccountState> {
    return this.#actOn(userId, deductOn(spend, act), act.nowMs);
  }

  async recordUsage(record: UsageRecord): Promise<UsageRecord> {
    const { id: _id, ...rest } = record;
    try {
      await this.#store.write(() => this.#usage.insertOne({ _id, ...rest }));
      return record;
    } catch (error) {
      if (!isConflict(error)) throw error;
      return (await this.#reads.usageRecord(_id)) ?? record;
    }
  }

  async account(userId: UserId, nowMs: number): Promise<CreditAccountState> {
    const document = await this.#accounts.read(userId);
    const state = CreditAccount.restore(accountState(document)).lapse(nowMs).account.snapshot();
    const open = Object.values(document.holds).filter((hold) => hold.state === 'open');
    const held = new Set(open.flatMap((hold) => hold.parts.map((part) => part.grantId)));
    return {
      ...state,
      grants: state.grants.filter((grant) => grant.remainingMicros > 0 || held.has(grant.id)),
    };
  }

  async grants(query: {
    readonly userId?: UserId;
    readonly offset: number;
    readonly limit: number;
  }): Promise<{
    readonly rows: ReadonlyArray<{ readonly userId: UserId; readonly grant: CreditGrant }>;
    readonly total: number;
  }> {
    await this.#handedOn(query.userId);
    return this.#reads.grants(query.userId, query.offset, query.limit);
  }

  reservation(id: string): Promise<CreditReservationState | undefined> {
    return this.#reads.reservation(id);
  }

  async reservations(query: {
    readonly userId?: UserId;
    readonly openOnly: boolean;
    readonly limit: number;
  }): Promise<readonly CreditReservationState[]> {
    const { userId, limit } = query;
    return query.openOnly ? this.#reads.open(userId, limit) : this.#reads.all(userId, limit);
  }

  async usage(query: { readonly userId?: UserId; readonly limit: number }): Promise<readonly UsageRecord[]> {
    await this.#handedOn(query.userId);
    return this.#reads.usage(query.userId, query.limit);
  }

  async usageTotals(query: { readonly userId?: UserId; readonly sinceMs: number }): Promise<UsageTotals> {
    await this.#handedOn(query.userId);
    return this.#store.read(() => usageTotals(this.#usage, query));
  }

  async journal(query: {
    readonly afterCursor: number;
    readonly limit: number;
  }): Promise<readonly JournalRow[]> {
    await this.#pump.drain();
    return this.#journal.read(query.afterCursor, query.limit);
  }

  async #actOn(
    userId: UserId,
    operation: AccountOperation<void>,
    nowMs: number,
  ): Promise<CreditAccountState> {
    await this.#writer.perform(userId, operation);
    return this.account(userId, nowMs);
  }

  #handedOn(userId: UserId | undefined): Promise<void> {
    return userId === undefined ? this.#pump.drain() : this.#pump.drainAccount(userId);
  }
}

/** What was done in all; throws what the first that failed has failed with. */
function totalOf(outcomes: ReadonlyArray<PromiseSettledResult<number>>): number {
  let total = 0;
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw outcome.reason;
    total += outcome.value;
  }
  return total;
}
