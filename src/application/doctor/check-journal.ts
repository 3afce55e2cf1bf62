import type { JournalEntry } from '../../domain/accounting/journal-entry.ts';
import type { JournalRow, UsageRecord } from '../ports/accounting/reservation-ledger.ts';
import type { StorePicture } from '../ports/store-inspection.ts';
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
export function replayJournal(picture: StorePicture, findings: Findings): Map<string, ReplayedAccount> {
  const accounts = new Map<string, ReplayedAccount>();
  let lastCursor = 0;
  for (const { row, value } of findings.readable('journal', picture.journal())) {
    findings.expect(value.cursor > lastCursor, 'journal.cursor', row, () => 'its cursor does not count up');
    lastCursor = value.cursor;
    findings.examine(row, () => {
      replay(accounts, value.entry);
      checkEntry(value, row, picture, findings);
    });
  }
  return accounts;
}

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

function checkEntry({ entry }: JournalRow, row: string, picture: StorePicture, findings: Findings): void {
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
  findings.expectEqual(picture.journalRows(entry.id).length, 1, 'journal.unique', row, 'the count of its id');
  const { reservationId } = entry;
  if (reservationId !== undefined) {
    findings.expect(
      hasDeterministicId(entry, reservationId),
      'journal.id',
      row,
      () => `its id does not follow from ${entry.kind} of ${reservationId}`,
    );
    findings.expect(
      picture.reservation(reservationId) !== undefined,
      'journal.reservation',
      row,
      () => `there is no reservation ${reservationId}`,
    );
  }
  if (entry.kind === 'deduct') checkDeduction(entry, row, picture, findings);
}

function hasDeterministicId(entry: JournalEntry, reservationId: string): boolean {
  if (entry.kind !== 'uncollected') return entry.id === `${reservationId}:${entry.kind}`;
  return [`${reservationId}:uncollected-closing`, `${reservationId}:uncollected-late`].includes(entry.id);
}

function checkDeduction(entry: JournalEntry, row: string, picture: StorePicture, findings: Findings): void {
  const usage: UsageRecord | undefined = readableOf(
    picture.usageRecord(`${entry.id.slice(0, -':deduct'.length)}:usage`),
  );
  findings.expect(
    usage?.userId === entry.userId && usage.chargeMicros === entry.account.charged,
    'usage.recorded',
    row,
    () => 'it has no usage record of the same charge',
  );
}
