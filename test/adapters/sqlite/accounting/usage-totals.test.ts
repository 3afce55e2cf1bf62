import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { SqliteReservationLedger } from '../../../../src/adapters/outbound/sqlite/accounting/sqlite-reservation-ledger.ts';
import { credits, DAY_MS, T0, user } from '../../../support/ledger-builders.ts';
import { type TemporaryStore, temporaryStore } from '../../../support/temporary-store.ts';

const HOURS = 480;
/** Turns that everything else must have meanwhile: some hours are summed up in one. */
const LEAST_TURNS = 4;
const HOUR_MS = DAY_MS / 24;

describe('usage of many hours in the embedded ledger', () => {
  let temporary: TemporaryStore;
  let ledger: SqliteReservationLedger;
  before(async () => {
    temporary = await temporaryStore();
    ledger = new SqliteReservationLedger(temporary.store);
    const usage = { service: 'printing', tokens: 2, chargeMicros: credits(1) };
    const recorded = Array.from({ length: HOURS }, (_, hour) =>
      ledger.recordUsage({
        ...usage,
        id: `u-${hour}`,
        userId: user(1 + (hour % 2)),
        atMs: T0 + hour * HOUR_MS,
      }),
    );
    await Promise.all(recorded);
  });
  after(() => temporary.remove());

  it('is summed up while everything else has its turn', async () => {
    let turns = 0;
    let isSummed = false;
    const summed = ledger.usageTotals({ sinceMs: T0 }).finally(() => {
      isSummed = true;
    });
    for (; !isSummed; turns += 1) await nextTurn();
    expect(turns).to.be.at.least(LEAST_TURNS);
    const { byDay, byService, ...all } = await summed;
    expect(all).to.deep.equal({
      records: HOURS,
      tokens: 2 * HOURS,
      chargeMicros: credits(HOURS),
      byModel: [],
    });
    expect(byService).to.deep.equal([
      { key: 'printing', records: HOURS, tokens: 2 * HOURS, chargeMicros: credits(HOURS) },
    ]);
    expect(byDay.reduce((sum, { records }) => sum + records, 0)).to.equal(HOURS);
  });

  it('begins in the middle of an hour, and is one person alone where he is named', async () => {
    const since = { sinceMs: T0 + 10 * HOUR_MS + 1 };
    expect((await ledger.usageTotals(since)).records).to.equal(HOURS - 11);
    expect((await ledger.usageTotals({ ...since, userId: user(1) })).records).to.equal(HOURS / 2 - 6);
    expect((await ledger.usageTotals({ sinceMs: T0 + HOURS * HOUR_MS })).records).to.equal(0);
  });
});
