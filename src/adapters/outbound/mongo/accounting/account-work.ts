import type { UsageRecord } from '../../../../application/ports/accounting/reservation-ledger.ts';
import {
  CreditAccount,
  type CreditAccountState,
  type Posting,
} from '../../../../domain/accounting/credit-account.ts';
import type { CreditReservationState } from '../../../../domain/accounting/credit-reservation.ts';
import { FIRST_ESTIMATE_SCALE } from '../../../../domain/accounting/estimate-scale.ts';
import type { JournalEntry } from '../../../../domain/accounting/journal-entry.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { ActOutbox } from '../audit/act-outbox.ts';
import { type AccountDocument, accountState, keyOf, type OutboxItem } from './ledger-documents.ts';

/** Holds that were closed so long ago are forgotten by the account, in milliseconds: callers' retries are over. */
const RETRY_WINDOW_MS = 900_000;
/** With more closed holds than this the account forgets the oldest earlier, down to half of it. */
const MAX_CLOSED_HOLDS = 64;

/** Width of an item's number in the ids of its records, so that their text order is their own. */
const SEQ_DIGITS = 12;

/** What operations have to know beside the account's document; read after it, so that it is not older. */
export interface LedgerFacts {
  /** Reservations that the account has forgotten, and ids that others own, by id. */
  readonly known: ReadonlyMap<string, CreditReservationState | 'of-another'>;
  /** Ids of entries that the journal has, among those that were asked for. */
  readonly journaled: ReadonlySet<string>;
}

/** Everything that one operation changes; it is taken over whole. */
export interface LedgerChange {
  readonly atMs: number;
  readonly posting?: Pick<Posting, 'account' | 'entries'>;
  readonly reservation?: CreditReservationState;
  /** The entry of a void, which moves no account. */
  readonly entry?: JournalEntry;
  readonly usage?: UsageRecord;
  readonly scale?: { readonly modelId: string; readonly scale: number };
  readonly audit?: readonly AuditRecord[] | undefined;
}

/** One account while operations are decided on it, one after the other. Nothing of it is stored before all are. */
export class AccountWork {
  readonly base: AccountDocument;
  readonly holds: Map<string, CreditReservationState>;
  readonly #facts: LedgerFacts;
  readonly #sign: ActOutbox['sign'];
  readonly #scales: Map<string, number>;
  readonly #items: OutboxItem[] = [];
  readonly #entryIds = new Set<string>();
  #state: CreditAccountState;
  #isChanged = false;

  constructor(base: AccountDocument, facts: LedgerFacts, sign: ActOutbox['sign']) {
    this.base = base;
    this.#sign = sign;
    this.#facts = facts;
    this.#state = accountState(base);
    this.holds = new Map(Object.values(base.holds).map((hold) => [hold.id, hold]));
    this.#scales = new Map(Object.entries(base.scales));
    for (const item of base.outbox) for (const entry of item.entries) this.#entryIds.add(entry.id);
  }

  /** False when every operation was a refusal or a repeat. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  get account(): CreditAccount {
    return CreditAccount.restore(this.#state);
  }

  get items(): readonly OutboxItem[] {
    return this.#items;
  }

  /** The hold of an id: one of this account, one that it has forgotten, or the sign that the id is another's. */
  hold(id: string): CreditReservationState | 'of-another' | undefined {
    return this.holds.get(id) ?? this.#facts.known.get(id);
  }

  isJournaled(entryId: string): boolean {
    return this.#entryIds.has(entryId) || this.#facts.journaled.has(entryId);
  }

  scaleOf(modelId: string): number {
    return this.#scales.get(keyOf(modelId)) ?? FIRST_ESTIMATE_SCALE;
  }

  /** Takes a change over, which the domain has decided. */
  apply(change: LedgerChange): void {
    const { atMs, posting, reservation, entry, usage, scale, audit = [] } = change;
    this.#isChanged = true;
    const known = new Set(this.#state.grants.map((grant) => grant.id));
    if (posting !== undefined) this.#state = posting.account.snapshot();
    const grants = this.#state.grants.filter((grant) => !known.has(grant.id));
    if (reservation !== undefined) this.holds.set(reservation.id, reservation);
    if (scale !== undefined) this.#scales.set(keyOf(scale.modelId), scale.scale);
    const entries = [...(posting?.entries ?? []), ...(entry === undefined ? [] : [entry])];
    for (const { id } of entries) this.#entryIds.add(id);
    if (entries.length + audit.length + grants.length === 0 && usage === undefined) return;
    this.#put({
      atMs,
      entries,
      ...(usage === undefined ? {} : { usage }),
      ...(grants.length === 0 ? {} : { grants }),
      ...(audit.length === 0 ? {} : { audit: this.#sign(this.#actName(), atMs, audit) }),
    });
  }

  /** Whether the account had this hold before. */
  hadHold(id: string): boolean {
    return keyOf(id) in this.base.holds;
  }

  /** The closed holds that the account need not keep: those that no caller asks about again, and the oldest of many. */
  closedToForget(nowMs: number): readonly CreditReservationState[] {
    const closed = [...this.holds.values()]
      .filter((hold) => hold.state !== 'open')
      .sort((left, right) => closedAtMs(left) - closedAtMs(right));
    const surplus = closed.length > MAX_CLOSED_HOLDS ? closed.length - MAX_CLOSED_HOLDS / 2 : 0;
    return closed.filter((hold, place) => place < surplus || nowMs - closedAtMs(hold) > RETRY_WINDOW_MS);
  }

  /**
   * Forgets these holds, and the grants that nothing is left of, not even a share in an open hold: the outbox keeps their
   * last state.
   */
  forget(closed: readonly CreditReservationState[], atMs: number): void {
    for (const { id } of closed) this.holds.delete(id);
    const held = new Set<string>();
    for (const hold of this.holds.values()) {
      if (hold.state === 'open') for (const part of hold.parts) held.add(part.grantId);
    }
    const { grants } = this.#state;
    const spent = grants.filter((grant) => grant.remainingMicros === 0 && !held.has(grant.id));
    if (spent.length === 0) return;
    this.#state = { ...this.#state, grants: grants.filter((grant) => !spent.includes(grant)) };
    this.#put({ atMs, entries: [], grants: spent });
  }

  /** The document after all this, as the next decisions find it. */
  document(writer: string): AccountDocument {
    const { userId: _id, grants, ...sums } = this.#state;
    const holds = [...this.holds.values()];
    const due = holds.filter((hold) => hold.state === 'open').map((hold) => hold.expiresAtMs);
    const lapsing = grants.filter((grant) => grant.remainingMicros > 0).map((grant) => grant.expiresAtMs);
    return {
      _id,
      version: this.base.version + 1,
      sums,
      grants: Object.fromEntries(grants.map((grant) => [keyOf(grant.id), grant])),
      holds: Object.fromEntries(holds.map((hold) => [keyOf(hold.id), hold])),
      scales: Object.fromEntries(this.#scales),
      outbox: [...this.base.outbox, ...this.#items],
      outboxTail: this.base.outboxTail + this.#items.length,
      pending: this.base.pending || this.#items.length > 0,
      nextDueAtMs: due.length === 0 ? null : Math.min(...due),
      nextLapseAtMs: lapsing.length === 0 ? null : Math.min(...lapsing),
      writers: [...this.base.writers, writer].slice(-KEPT_WRITERS),
    };
  }

  #put(item: Omit<OutboxItem, 'seq'>): void {
    this.#items.push({ seq: this.#nextSeq, ...item });
  }

  get #nextSeq(): number {
    return this.base.outboxTail + this.#items.length + 1;
  }

  /** Names the next item among those of all accounts. */
  #actName(): string {
    return `${this.base._id}:${String(this.#nextSeq).padStart(SEQ_DIGITS, '0')}`;
  }
}

/** When a hold was closed, or an id voided. */
const closedAtMs = (hold: CreditReservationState): number => hold.outcome?.closedAtMs ?? hold.openedAtMs;

/** How many marks of writes an account keeps: as many others may write before one looks for its own. */
export const KEPT_WRITERS = 16;
