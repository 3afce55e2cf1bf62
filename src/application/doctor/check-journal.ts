import type { JournalEntry } from '../../domain/accounting/journal-entry.ts';
import type { JournalRow, UsageRecord } from '../ports/accounting/reservation-ledger.ts';
import type { Found, Page, Seen, StorePicture } from '../ports/store-inspection.ts';
import { type Findings, readableOf } from './findings.ts';

/** The sums that entries move, by their names in an entry. */
export const SUMS = ['available', 'held', 'charged', 'expired', 'granted', 'adjusted'] as const;
/** A name of a sum. */
export type Sum = (typeof SUMS)[number];

/** What the journal says an account is: its sums, and what is left of its grants. */
export interface ReplayedAccount {
  readonly sums: Record<Sum, number>;
  readonly grants: Map<string, number>;
}

/**
 * Goes through the journal once: every entry is sound by itself, has its id to itself, and belongs to a
 * reservation that is there.
 *
 * @returns what replaying it makes of each account.
 */
export async function replayJournal(
  picture: StorePicture,
  findings: Findings,
): Promise<Map<string, ReplayedAccount>> {
  const accounts = new Map<string, ReplayedAccount>();
  let lastCursor = 0;
  for await (const rows of findings.readable('journal', picture.journal())) {
    const beside = await besideOf(rows, picture);
    for (const { row, value } of rows) {
      findings.expect(value.cursor > lastCursor, 'journal.cursor', row, () => 'its cursor does not count up');
      lastCursor = value.cursor;
      findings.examine(row, () => {
        replay(accounts, value.entry);
        checkEntry(value, row, beside, findings);
      });
    }
  }
  return accounts;
}

/** What a page of entries must agree with. */
interface Beside {
  readonly entries: Found<Page<JournalRow>>;
  readonly reservations: Found<unknown>;
  readonly usage: Found<Seen<UsageRecord>>;
}

async function besideOf(
  rows: ReadonlyArray<{ readonly value: JournalRow }>,
  picture: StorePicture,
): Promise<Beside> {
  // One without an id is a finding of its own.
  const entries = rows.map(({ value }) => value.entry).filter((entry) => typeof entry?.id === 'string');
  const deductions = entries.filter(({ kind }) => kind === 'deduct');
  return {
    entries: await picture.journalRowsOf(entries.map(({ id }) => id)),
    reservations: await picture.reservationsOf([
      ...new Set(entries.flatMap(({ reservationId }) => reservationId ?? [])),
    ]),
    usage: await picture.usageRecordsOf(deductions.map(usageIdOf)),
  };
}

/** The id of the usage record of a deduction. */
const usageIdOf = ({ id }: JournalEntry): string => `${id.slice(0, -':deduct'.length)}:usage`;

function replay(accounts: Map<string, ReplayedAccount>, entry: JournalEntry): void {
  if (entry.kind === 'void') return;
  let account = accounts.get(entry.userId);
  if (account === undefined) {
    account = {
      sums: { available: 0, held: 0, charged: 0, expired: 0, granted: 0, adjusted: 0 },
      grants: new Map(),
    };
    accounts.set(entry.userId, account);
  }
  for (const sum of SUMS) account.sums[sum] += entry.account[sum] ?? 0;
  for (const { id, remaining } of entry.grants) {
    account.grants.set(id, (account.grants.get(id) ?? 0) + remaining);
  }
}

function checkEntry({ entry }: JournalRow, row: string, beside: Beside, findings: Findings): void {
  const delta = (sum: Sum): number => entry.account[sum] ?? 0;
  const uses = delta('available') + delta('held') + delta('charged') + delta('expired');
  findings.expectEqual(
    uses,
    delta('granted') + delta('adjusted'),
    'journal.balanced',
    row,
    'what it moves in all',
  );
  const ofGrants = entry.grants.reduce((sum, move) => sum + move.remaining, 0);
  findings.expectEqual(ofGrants, delta('available'), 'journal.grants', row, 'what it moves in grants');
  const ofId = beside.entries.get(entry.id)?.length ?? 0;
  findings.expectEqual(ofId, 1, 'journal.unique', row, 'the count of its id');
  const { reservationId } = entry;
  if (reservationId !== undefined) {
    findings.expect(
      hasDeterministicId(entry, reservationId),
      'journal.id',
      row,
      () => `its id does not follow from ${entry.kind} of ${reservationId}`,
    );
    findings.expect(
      beside.reservations.has(reservationId),
      'journal.reservation',
      row,
      () => `there is no reservation ${reservationId}`,
    );
  }
  if (entry.kind === 'deduct') checkDeduction(entry, row, beside, findings);
}

function hasDeterministicId(entry: JournalEntry, reservationId: string): boolean {
  if (entry.kind !== 'uncollected') return entry.id === `${reservationId}:${entry.kind}`;
  return [`${reservationId}:uncollected-closing`, `${reservationId}:uncollected-late`].includes(entry.id);
}

function checkDeduction(entry: JournalEntry, row: string, beside: Beside, findings: Findings): void {
  const usage = readableOf(beside.usage.get(usageIdOf(entry)));
  findings.expect(
    usage?.userId === entry.userId && usage.chargeMicros === entry.account.charged,
    'usage.recorded',
    row,
    () => 'it has no usage record of the same charge',
  );
}
