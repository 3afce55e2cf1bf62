import type { Collection, Filter } from 'mongodb';
import type { UsageRecord } from '../../../../application/ports/accounting/reservation-ledger.ts';
import type { CreditGrant } from '../../../../domain/accounting/credit-grant.ts';
import { type CreditReservationState, NOBODY } from '../../../../domain/accounting/credit-reservation.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { MongoStore } from '../mongo-store.ts';
import { reservationOf } from './hold-claims.ts';
import {
  ACCOUNTS,
  type AccountDocument,
  GRANTS,
  type GrantDocument,
  keyOf,
  RESERVATIONS,
  type ReservationDocument,
  USAGE,
  type UsageDocument,
  usageFrom,
} from './ledger-documents.ts';

/** Claims that are looked at together, since some have no hold yet. */
const CLAIMS_PER_LOOK = 200;

interface GrantRow {
  readonly userId: UserId;
  readonly grant: CreditGrant;
}

/** Lists of what is in the ledger. What the outboxes hold is not in them: they are handed on before. */
export class LedgerReads {
  readonly #store: MongoStore;
  readonly #accounts: Collection<AccountDocument>;
  readonly #claims: Collection<ReservationDocument>;
  readonly #grants: Collection<GrantDocument>;
  readonly #usage: Collection<UsageDocument>;

  constructor(store: MongoStore) {
    this.#store = store;
    this.#accounts = store.collection(ACCOUNTS);
    this.#claims = store.collection(RESERVATIONS);
    this.#grants = store.collection(GRANTS);
    this.#usage = store.collection(USAGE);
  }

  /** A reservation: as its account has it, else as its claim keeps it. @throws PortError. */
  async reservation(id: string): Promise<CreditReservationState | undefined> {
    const claim = await this.#store.read(() => this.#claims.findOne({ _id: id }));
    if (claim === null) return undefined;
    const [shown] = await this.#shown([claim]);
    if (shown !== undefined) return shown;
    // The account may have forgotten it in between.
    const again = await this.#store.read(() => this.#claims.findOne({ _id: id }));
    return again === null ? undefined : reservationOf(again);
  }

  /** Reservations that are open, newest first. @throws PortError. */
  async open(userId: UserId | undefined, limit: number): Promise<CreditReservationState[]> {
    const filter: Filter<AccountDocument> = {
      nextDueAtMs: { $gt: 0 },
      ...(userId === undefined ? {} : { _id: userId }),
    };
    const open: CreditReservationState[] = [];
    await this.#store.read(async () => {
      for await (const { holds } of this.#accounts.find(filter, { projection: { holds: 1 } })) {
        open.push(...Object.values(holds).filter(({ state }) => state === 'open'));
        // No more than asked for is kept of what passes by.
        if (open.length > 2 * limit) open.sort(newestFirst).splice(limit);
      }
    });
    return open.sort(newestFirst).slice(0, limit);
  }

  /** Reservations in any state, newest first. @throws PortError. */
  async all(userId: UserId | undefined, limit: number): Promise<CreditReservationState[]> {
    const rows: CreditReservationState[] = [];
    const filter = userId === undefined ? { userId: { $ne: NOBODY } } : { userId };
    for (let skip = 0; rows.length < limit; skip += CLAIMS_PER_LOOK) {
      const look = { sort: { openedAtMs: -1, _id: -1 }, skip, limit: CLAIMS_PER_LOOK } as const;
      const claims = await this.#store.read(() => this.#claims.find(filter, look).toArray());
      rows.push(...(await this.#shown(claims)).filter(({ state }) => state !== 'voided'));
      if (claims.length < CLAIMS_PER_LOOK) break;
    }
    return rows.slice(0, limit);
  }

  /** A page of the grants, newest first, and how many there are. @throws PortError. */
  async grants(
    userId: UserId | undefined,
    offset: number,
    limit: number,
  ): Promise<{ readonly rows: readonly GrantRow[]; readonly total: number }> {
    const filter = userId === undefined ? {} : { userId };
    const page = { sort: { 'grant.grantedAtMs': -1, _id: -1 }, skip: offset, limit } as const;
    const listed = await this.#store.read(() => this.#grants.find(filter, page).toArray());
    const total = await this.#store.read(() => this.#grants.countDocuments(filter));
    const owners = [...new Set(listed.map((row) => row.userId))];
    const accounts = await this.#store.read(() =>
      this.#accounts.find({ _id: { $in: owners } }, { projection: { grants: 1 } }).toArray(),
    );
    const standing = new Map(accounts.map((account) => [account._id, account.grants]));
    const rows = listed.map(({ _id, userId: owner, grant }) => ({
      userId: owner,
      grant: standing.get(owner)?.[keyOf(_id)] ?? grant,
    }));
    return { rows, total };
  }

  /** Usage records, newest first. @throws PortError. */
  async usage(userId: UserId | undefined, limit: number): Promise<UsageRecord[]> {
    const filter = userId === undefined ? {} : { userId };
    const found = await this.#store.read(() =>
      this.#usage.find(filter, { sort: { atMs: -1, _id: -1 }, limit }).toArray(),
    );
    return found.map(usageFrom);
  }

  /** One usage record. @throws PortError. */
  async usageRecord(id: string): Promise<UsageRecord | undefined> {
    const found = await this.#store.read(() => this.#usage.findOne({ _id: id }));
    return found === null ? undefined : usageFrom(found);
  }

  /** What has become of claims, in their order; nothing of those that have no hold yet. */
  async #shown(claims: readonly ReservationDocument[]): Promise<CreditReservationState[]> {
    const owners = [...new Set(claims.map(({ userId }) => userId))];
    const accounts = await this.#store.read(() =>
      this.#accounts.find({ _id: { $in: owners } }, { projection: { holds: 1 } }).toArray(),
    );
    const holds = new Map(accounts.map((account) => [account._id, account.holds]));
    return claims.flatMap(
      (claim) => holds.get(claim.userId)?.[keyOf(claim._id)] ?? reservationOf(claim) ?? [],
    );
  }
}

const newestFirst = (left: CreditReservationState, right: CreditReservationState): number =>
  right.openedAtMs - left.openedAtMs || (left.id < right.id ? 1 : -1);
