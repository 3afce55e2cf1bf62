import type { JournalRow, UsageRecord } from '../../../../application/ports/accounting/reservation-ledger.ts';
import type { Seen } from '../../../../application/ports/store-inspection.ts';
import type { CreditGrant } from '../../../../domain/accounting/credit-grant.ts';
import type { JournalEntry } from '../../../../domain/accounting/journal-entry.ts';
import { voidHold } from '../../../../domain/accounting/void-hold.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import {
  ACCOUNTS,
  type AccountDocument,
  JOURNAL,
  type JournalDocument,
  journalCursor,
  RESERVATIONS,
  type ReservationDocument,
} from '../accounting/ledger-documents.ts';
import type { Moment } from './moment.ts';

/** Ids that are looked up in the journal at once. */
const IDS_AT_ONCE = 1_000;

interface Told {
  readonly row: string;
  readonly entry: JournalEntry;
}

/**
 * What accounts have stored and not handed on yet. It counts as handed on: the entries stand behind the journal, those of
 * ids that were voided too.
 */
export class Outboxes {
  /** Entries that the journal does not have, in an order that it could take them in. */
  readonly journal: ReadonlyArray<Seen<JournalRow>>;
  readonly usage: ReadonlyMap<string, Seen<UsageRecord>>;
  /** The last state of grants that are new or that their accounts have forgotten, and whose they are. */
  readonly grants: ReadonlyMap<string, { readonly userId: UserId; readonly grant: CreditGrant }>;
  readonly #byId = new Map<string, Array<Seen<JournalRow>>>();

  private constructor(
    journal: ReadonlyArray<Seen<JournalRow> & { readonly value: JournalRow }>,
    usage: ReadonlyMap<string, Seen<UsageRecord>>,
    grants: ReadonlyMap<string, { readonly userId: UserId; readonly grant: CreditGrant }>,
  ) {
    this.journal = journal;
    this.usage = usage;
    this.grants = grants;
    for (const seen of journal) {
      const { id } = seen.value.entry;
      this.#byId.set(id, [...(this.#byId.get(id) ?? []), seen]);
    }
  }

  /** Reads what is pending; an outbox that makes no sense is left to the check of its account. */
  static async read(moment: Moment): Promise<Outboxes> {
    const told: Told[] = [];
    const usage = new Map<string, Seen<UsageRecord>>();
    const grants = new Map<string, { userId: UserId; grant: CreditGrant }>();
    const projection = { outbox: 1 } as const;
    const pending = moment.find<AccountDocument>(ACCOUNTS, { 'outbox.0': { $exists: true } }, { projection });
    for await (const { _id: userId, outbox } of pending) {
      if (!Array.isArray(outbox)) continue;
      for (const item of outbox) {
        const row = `accounts/${userId}/outbox/${item?.seq}`;
        for (const entry of item?.entries ?? []) told.push({ row, entry });
        if (item?.usage !== undefined) usage.set(item.usage.id, { row, value: item.usage });
        for (const grant of item?.grants ?? []) grants.set(grant.id, { userId, grant });
      }
    }
    for await (const claim of moment.find<ReservationDocument>(RESERVATIONS, { unjournaled: true })) {
      const { entry } = voidHold(claim._id, claim.openedAtMs);
      told.push({ row: `reservations/${claim._id}`, entry });
    }
    const missing = await notIn(moment, told);
    const last = missing.length === 0 ? 0 : await lastOf(moment);
    const rows = missing.map(({ row, entry }, place) => ({
      row,
      value: { cursor: last + place + 1, entry },
    }));
    return new Outboxes(rows, usage, grants);
  }

  /** The entries of an id that only an outbox has. */
  entries(id: string): ReadonlyArray<Seen<JournalRow>> {
    return this.#byId.get(id) ?? [];
  }
}

async function notIn(moment: Moment, told: readonly Told[]): Promise<readonly Told[]> {
  const missing: Told[] = [];
  for (let from = 0; from < told.length; from += IDS_AT_ONCE) {
    const some = told.slice(from, from + IDS_AT_ONCE);
    const ids = some.map(({ entry }) => entry.id);
    const present = new Set<string>();
    for await (const { entries } of moment.find<JournalDocument>(JOURNAL, { 'entries.id': { $in: ids } })) {
      for (const { id } of entries) present.add(id);
    }
    missing.push(...some.filter(({ entry }) => !present.has(entry.id)));
  }
  return missing;
}

/** The first cursor of the document that would come next, less one. */
async function lastOf(moment: Moment): Promise<number> {
  const newest = moment.find<JournalDocument>(JOURNAL, {}, { sort: { _id: -1 }, limit: 1 });
  for await (const { _id } of newest) return journalCursor(_id + 1, 0) - 1;
  return 0;
}
