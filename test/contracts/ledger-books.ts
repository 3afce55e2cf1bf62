import { expect } from 'chai';
import type {
  JournalRow,
  ReservationLedger,
} from '../../src/application/ports/accounting/reservation-ledger.ts';
import type { UserId } from '../../src/domain/identity/ids.ts';

const PAGE = 100;

/** The whole journal of a ledger, read by its cursor. */
export async function wholeJournal(ledger: ReservationLedger): Promise<JournalRow[]> {
  const rows: JournalRow[] = [];
  for (;;) {
    const page = await ledger.journal({ afterCursor: rows.at(-1)?.cursor ?? 0, limit: PAGE });
    rows.push(...page);
    if (page.length < PAGE) return rows;
  }
}

/** Expects the ledger's invariants: the sums, the holds, and that the journal adds up to the accounts. */
export async function expectBooksToBalance(ledger: ReservationLedger): Promise<void> {
  const rows = await wholeJournal(ledger);
  const ids = rows.map((row) => row.entry.id);
  expect(new Set(ids).size, 'journal ids are unique').to.equal(ids.length);
  const cursors = rows.map((row) => row.cursor);
  expect(cursors, 'cursors count up').to.deep.equal([...new Set(cursors)].sort((a, b) => a - b));
  const users = new Set<UserId>(rows.map((row) => row.entry.userId).filter((userId) => userId !== ''));
  for (const userId of users) {
    const account = await ledger.account(userId, 0);
    const { availableMicros, heldMicros, chargedMicros, expiredMicros, grantedMicros } = account;
    expect(availableMicros + heldMicros + chargedMicros + expiredMicros, 'the sums').to.equal(
      grantedMicros + account.adjustedMicros,
    );
    const open = await ledger.reservations({ userId, openOnly: true, limit: 1_000 });
    expect(heldMicros, 'held is what open holds hold').to.equal(
      open.reduce((sum, hold) => sum + hold.amountMicros, 0),
    );
    const moved = (sum: 'available' | 'held' | 'charged' | 'expired' | 'granted' | 'adjusted'): number =>
      rows.reduce((total, { entry }) => total + (entry.userId === userId ? (entry.account[sum] ?? 0) : 0), 0);
    expect({
      availableMicros: moved('available'),
      heldMicros: moved('held'),
      chargedMicros: moved('charged'),
      expiredMicros: moved('expired'),
      grantedMicros: moved('granted'),
      adjustedMicros: moved('adjusted'),
    }).to.deep.equal({
      availableMicros,
      heldMicros,
      chargedMicros,
      expiredMicros,
      grantedMicros,
      adjustedMicros: account.adjustedMicros,
    });
    expect(
      account.grants.reduce((sum, grant) => sum + grant.remainingMicros, 0),
      'the grants hold the available credit',
    ).to.equal(availableMicros);
  }
}
