import type { JournalRow, UsageRecord } from '../../../../application/ports/accounting/reservation-ledger.ts';
import type {
  Found,
  InspectedAccount,
  InspectedGrant,
  Page,
  Seen,
} from '../../../../application/ports/store-inspection.ts';
import type { CreditReservationState } from '../../../../domain/accounting/credit-reservation.ts';
import { reservationOf } from '../accounting/hold-claims.ts';
import {
  ACCOUNTS,
  type AccountDocument,
  GRANTS,
  type GrantDocument,
  JOURNAL,
  type JournalDocument,
  journalCursor,
  keyOf,
  RESERVATIONS,
  type ReservationDocument,
  USAGE,
  type UsageDocument,
  usageFrom,
} from '../accounting/ledger-documents.ts';
import { inLists, type Moment, pagesOf, seenAs } from './moment.ts';
import { Outboxes } from './outboxes.ts';

/** Rows that are looked at together; many ids are looked up for each. */
const ROWS_AT_ONCE = 200;

/** The ledger of a fleet in the form of tables: what account documents have in them is told row by row. */
export class LedgerTables {
  readonly #moment: Moment;
  #outboxes: Promise<Outboxes> | undefined;

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  accounts(): AsyncIterable<Page<InspectedAccount>> {
    return pagesOf(this.#moment.find<AccountDocument>(ACCOUNTS, {}), (document) =>
      seenAs<InspectedAccount>(
        `accounts/${document._id}`,
        () => ({ userId: document._id, ...document.sums }),
        () => amissOf(document),
      ),
    );
  }

  /** Those in the accounts, and then those that their accounts have forgotten. */
  async *grants(): AsyncGenerator<Page<InspectedGrant>> {
    const { grants: told } = await this.#told();
    const projection = { grants: 1 } as const;
    const accounts = this.#moment.find<AccountDocument>(ACCOUNTS, {}, { projection });
    for await (const { _id: userId, grants } of accounts) {
      const own = Object.values(grants ?? {});
      const listed = await this.#moment.ofKeys<GrantDocument>(
        GRANTS,
        own.map(({ id }) => id),
        { _id: 1 },
      );
      yield own.map((grant) =>
        seenAs(
          `grants/${grant.id}`,
          () => ({ userId, grant }),
          () =>
            listed.has(grant.id) || told.has(grant.id) ? undefined : 'the list of grants does not have it',
        ),
      );
    }
    for await (const list of inLists(this.#moment.find<GrantDocument>(GRANTS, {}), ROWS_AT_ONCE)) {
      const owners = await this.#accountsOf(list.map(({ userId }) => userId));
      yield list
        .filter(({ _id, userId }) => owners.get(userId)?.grants?.[keyOf(_id)] === undefined)
        .map(({ _id, userId, grant }) => seenAs(`grants/${_id}`, () => told.get(_id) ?? { userId, grant }));
    }
    yield* this.#toldGrants();
  }

  /** Those that only an outbox has. */
  async *#toldGrants(): AsyncGenerator<Page<InspectedGrant>> {
    const { grants: told } = await this.#told();
    const listed = await this.#moment.ofKeys<GrantDocument>(GRANTS, told.keys(), { _id: 1 });
    const owners = await this.#accountsOf([...told.values()].map(({ userId }) => userId));
    yield [...told]
      .filter(([id, { userId }]) => !listed.has(id) && owners.get(userId)?.grants?.[keyOf(id)] === undefined)
      .map(([id, value]) => ({ row: `grants/${id}`, value }));
  }

  /** As accounts have them, or as their claims keep them; a claim that has no hold is none. */
  async *reservations(): AsyncGenerator<Page<CreditReservationState>> {
    const claims = this.#moment.find<ReservationDocument>(RESERVATIONS, {});
    for await (const list of inLists(claims, ROWS_AT_ONCE)) yield [...(await this.#shown(list)).values()];
    const projection = { holds: 1 } as const;
    for await (const { holds } of this.#moment.find<AccountDocument>(ACCOUNTS, {}, { projection })) {
      const own = Object.values(holds ?? {});
      const claimed = await this.#moment.ofKeys<ReservationDocument>(
        RESERVATIONS,
        own.map(({ id }) => id),
        { _id: 1 },
      );
      yield own
        .filter(({ id }) => !claimed.has(id))
        .map((hold) => ({ row: `reservations/${hold.id}`, value: hold, amiss: 'its id is not claimed' }));
    }
  }

  async *journal(): AsyncGenerator<Page<JournalRow>> {
    const documents = this.#moment.find<JournalDocument>(JOURNAL, {}, { sort: { _id: 1 } });
    yield* inLists(rowsOf(documents), ROWS_AT_ONCE);
    yield (await this.#told()).journal;
  }

  async *usage(): AsyncGenerator<Page<UsageRecord>> {
    const { usage: told } = await this.#told();
    yield* pagesOf(this.#moment.find<UsageDocument>(USAGE, {}), usageSeen);
    const stored = await this.#moment.ofKeys<UsageDocument>(USAGE, told.keys(), { _id: 1 });
    yield [...told].filter(([id]) => !stored.has(id)).map(([, seen]) => seen);
  }

  async reservationsOf(ids: readonly string[]): Promise<Found<Seen<CreditReservationState>>> {
    const claims = await this.#moment.ofKeys<ReservationDocument>(RESERVATIONS, ids);
    return this.#shown([...claims.values()]);
  }

  async journalRowsOf(ids: readonly string[]): Promise<Found<Page<JournalRow>>> {
    const found = new Map<string, Array<Seen<JournalRow>>>();
    const asked = new Set(ids);
    if (asked.size === 0) return found;
    const filter = { 'entries.id': { $in: [...asked] } };
    for await (const seen of rowsOf(this.#moment.find<JournalDocument>(JOURNAL, filter))) {
      const id = 'value' in seen ? seen.value.entry?.id : '';
      if (asked.has(id)) found.set(id, [...(found.get(id) ?? []), seen]);
    }
    const told = await this.#told();
    for (const id of asked) {
      const more = told.entries(id);
      if (more.length > 0) found.set(id, [...(found.get(id) ?? []), ...more]);
    }
    return found;
  }

  async usageRecordsOf(ids: readonly string[]): Promise<Found<Seen<UsageRecord>>> {
    const stored = await this.#moment.ofKeys<UsageDocument>(USAGE, ids);
    const { usage: told } = await this.#told();
    const found = new Map<string, Seen<UsageRecord>>();
    for (const id of ids) {
      const document = stored.get(id);
      const seen = document === undefined ? told.get(id) : usageSeen(document);
      if (seen !== undefined) found.set(id, seen);
    }
    return found;
  }

  #told(): Promise<Outboxes> {
    this.#outboxes ??= Outboxes.read(this.#moment);
    return this.#outboxes;
  }

  #accountsOf(userIds: readonly string[]): Promise<Map<string, AccountDocument>> {
    return this.#moment.ofKeys<AccountDocument>(ACCOUNTS, userIds, { holds: 1, grants: 1 });
  }

  async #shown(claims: readonly ReservationDocument[]): Promise<Map<string, Seen<CreditReservationState>>> {
    const owners = await this.#accountsOf(claims.map(({ userId }) => userId));
    const shown = new Map<string, Seen<CreditReservationState>>();
    for (const claim of claims) {
      const value = owners.get(claim.userId)?.holds?.[keyOf(claim._id)] ?? reservationOf(claim);
      if (value !== undefined) shown.set(claim._id, { row: `reservations/${claim._id}`, value });
    }
    return shown;
  }
}

async function* rowsOf(documents: AsyncIterable<JournalDocument>): AsyncGenerator<Seen<JournalRow>> {
  for await (const { _id, entries } of documents) {
    if (!Array.isArray(entries)) yield { row: `journal/${_id}`, unreadable: 'it has no entries' };
    for (const [place, entry] of (entries ?? []).entries()) {
      const cursor = journalCursor(_id, place);
      yield seenAs(`journal/${cursor}`, () => ({ cursor, entry }));
    }
  }
}

const usageSeen = (document: UsageDocument): Seen<UsageRecord> =>
  seenAs(`usage_records/${document._id}`, () => usageFrom(document));

/** What of an account's marks does not go with the account: it would not be found by them. */
function amissOf({
  outbox,
  pending,
  holds,
  grants,
  nextDueAtMs,
  nextLapseAtMs,
}: AccountDocument): string | undefined {
  if (outbox.length > 0 && !pending) return 'it has something to hand on, and is not marked as pending';
  const due = Object.values(holds).filter(({ state }) => state === 'open');
  if (!isFirst(nextDueAtMs, due)) return `it is marked as due at ${nextDueAtMs}`;
  const lapsing = Object.values(grants).filter(({ remainingMicros }) => remainingMicros > 0);
  return isFirst(nextLapseAtMs, lapsing) ? undefined : `it is marked as lapsing at ${nextLapseAtMs}`;
}

const isFirst = (marked: number | null, rows: ReadonlyArray<{ readonly expiresAtMs: number }>): boolean =>
  marked === (rows.length === 0 ? null : Math.min(...rows.map(({ expiresAtMs }) => expiresAtMs)));
