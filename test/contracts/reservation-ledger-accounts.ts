import { expect } from 'chai';
import type { ReservationLedger } from '../../src/application/ports/accounting/reservation-ledger.ts';
import { MAX_ACCOUNT_MICROS, MAX_OPERATION_MICROS, micros } from '../../src/domain/accounting/credits.ts';
import { act, aGrant, aRequest, credits, DAY_MS, streamId, T0, user } from '../support/ledger-builders.ts';
import { expectRefusal } from '../support/refusals.ts';

const inAMonth = T0 + 30 * DAY_MS;

/** What operators and readers do with accounts. */
export function describeLedgerAccounts(ledger: () => ReservationLedger): void {
  describeGrants(ledger);
  describeAdjustments(ledger);
  describeDeductions(ledger);
  describeReads(ledger);
}

function describeGrants(ledger: () => ReservationLedger): void {
  it('shows an empty account to a user who was never granted anything', async () => {
    expect(await ledger().account(user(1), T0)).to.deep.equal({
      userId: user(1),
      availableMicros: 0,
      heldMicros: 0,
      chargedMicros: 0,
      expiredMicros: 0,
      grantedMicros: 0,
      adjustedMicros: 0,
      grants: [],
    });
  });

  it('gives credit once, however often the same grant comes', async () => {
    const grant = aGrant({ notes: 'welcome' });
    const account = await ledger().grant(user(1), grant, act());
    expect(account).to.deep.include({ availableMicros: credits(10), grants: [grant] });
    expect(await ledger().grant(user(1), grant, act(T0 + 1))).to.deep.equal(account);
    expect(await ledger().journal({ afterCursor: 0, limit: 10 })).to.have.length(1);
  });

  it('refuses to grant an account more than its limit', async () => {
    for (const number of [1, 2, 3, 4]) {
      await ledger().grant(user(1), aGrant({ id: `g-${number}`, amountMicros: MAX_OPERATION_MICROS }), act());
    }
    const more = aGrant({ id: 'more', amountMicros: micros(1) });
    await expectRefusal(ledger().grant(user(1), more, act()), 'credit.out_of_range');
    expect(await ledger().account(user(1), T0)).to.deep.include({ grantedMicros: MAX_ACCOUNT_MICROS });
  });

  it('lists grants newest first, of one user or all, page by page, spent ones included', async () => {
    for (const number of [1, 2, 3]) {
      const grant = aGrant({ id: `g-${number}`, grantedAtMs: T0 + number });
      await ledger().grant(user(number % 2), grant, act());
    }
    await ledger().deduct(user(0), { id: 'd', amountMicros: credits(10), service: 'x' }, act());
    const all = await ledger().grants({ offset: 0, limit: 2 });
    expect(all.total).to.equal(3);
    expect(all.rows.map((row) => [row.userId, row.grant.id, row.grant.remainingMicros])).to.deep.equal([
      [user(1), 'g-3', credits(10)],
      [user(0), 'g-2', 0],
    ]);
    const rest = await ledger().grants({ userId: user(1), offset: 1, limit: 2 });
    expect(rest).to.have.nested.include({ total: 2, 'rows[0].grant.id': 'g-1' });
  });
}

function describeAdjustments(ledger: () => ReservationLedger): void {
  it('sets the available credit up by a grant of its own and down in the order of spending', async () => {
    await ledger().grant(user(1), aGrant(), act());
    const up = { id: 'up', target: { to: credits(12) }, expiresAtMs: inAMonth };
    expect(await ledger().adjust(user(1), up, act())).to.deep.equal({
      previousMicros: credits(10),
      newMicros: credits(12),
    });
    const down = { id: 'down', target: { to: credits(1) }, expiresAtMs: inAMonth };
    await ledger().adjust(user(1), down, { ...act(), note: 'too much' });
    const account = await ledger().account(user(1), T0);
    expect(account).to.deep.include({ availableMicros: credits(1), adjustedMicros: -credits(9) });
    const { entry } = (await ledger().journal({ afterCursor: 0, limit: 10 })).at(-1) ?? {};
    expect(entry).to.deep.include({ id: 'down:adjust', actor: 'system', note: 'too much' });
  });

  it('moves by a signed amount, never below zero and never a hold', async () => {
    await ledger().grant(user(1), aGrant(), act());
    await ledger().reserve(user(1), aRequest(), T0);
    const all = { id: 'all', target: { by: -credits(100) }, expiresAtMs: inAMonth };
    expect(await ledger().adjust(user(1), all, act())).to.deep.equal({
      previousMicros: credits(9),
      newMicros: 0,
    });
    expect(await ledger().account(user(1), T0)).to.deep.include({ heldMicros: credits(1) });
  });

  it('changes nothing on a repeat, also of a change that moved nothing', async () => {
    await ledger().grant(user(1), aGrant(), act());
    const changes = [
      { id: 'same', target: { to: credits(10) }, expiresAtMs: inAMonth },
      { id: 'plus', target: { by: credits(1) }, expiresAtMs: inAMonth },
      { id: 'minus', target: { by: -credits(2) }, expiresAtMs: inAMonth },
    ];
    for (const change of changes) await ledger().adjust(user(1), change, act());
    for (const change of changes) {
      expect(await ledger().adjust(user(1), change, act())).to.deep.equal({
        previousMicros: credits(9),
        newMicros: credits(9),
      });
    }
  });
}

function describeDeductions(ledger: () => ReservationLedger): void {
  it('spends at once with a usage record, and once for a repeat', async () => {
    await ledger().grant(user(1), aGrant(), act());
    const spend = { id: 'd', amountMicros: credits(2.5), service: 'printing' };
    const account = await ledger().deduct(user(1), spend, act());
    expect(account).to.deep.include({ availableMicros: credits(7.5), chargedMicros: credits(2.5) });
    expect(await ledger().deduct(user(1), spend, act())).to.deep.equal(account);
    expect(await ledger().usage({ limit: 10 })).to.deep.equal([
      {
        id: 'd:usage',
        userId: user(1),
        service: 'printing',
        tokens: 0,
        chargeMicros: credits(2.5),
        atMs: T0,
      },
    ]);
  });

  it('refuses to spend more than there is, held credit excluded', async () => {
    await ledger().grant(user(1), aGrant(), act());
    await ledger().reserve(user(1), aRequest(), T0);
    const spend = { id: 'd', amountMicros: micros(credits(9) + 1), service: 'printing' };
    await expectRefusal(ledger().deduct(user(1), spend, act()), 'credit.insufficient');
    expect(await ledger().usage({ limit: 10 })).to.deep.equal([]);
  });
}

function describeReads(ledger: () => ReservationLedger): void {
  it('lists reservations newest first, open ones or all, of one user or all', async () => {
    for (const number of [1, 2]) {
      await ledger().grant(user(number), aGrant({ id: `g-${number}` }), act());
      await ledger().reserve(user(number), aRequest({ id: streamId(number) }), T0 + number);
    }
    await ledger().settle(streamId(1), 1, true, T0 + 5);
    const idsOf = async (query: Parameters<ReservationLedger['reservations']>[0]) =>
      (await ledger().reservations(query)).map((one) => one.id);
    expect(await idsOf({ openOnly: true, limit: 9 })).to.deep.equal([streamId(2)]);
    expect(await idsOf({ openOnly: false, limit: 9 })).to.deep.equal([streamId(2), streamId(1)]);
    expect(await idsOf({ openOnly: false, limit: 1 })).to.deep.equal([streamId(2)]);
    expect(await idsOf({ userId: user(1), openOnly: true, limit: 9 })).to.deep.equal([]);
  });

  it('records usage once by its id and sums it up by service, day and model', async () => {
    const base = { userId: user(1), service: 'a', tokens: 10, chargeMicros: credits(1), atMs: T0 };
    const records = [
      { ...base, id: '1', modelId: 'm1' },
      { ...base, id: '2', modelId: 'm2', service: 'b' },
      { ...base, id: '3', atMs: T0 + DAY_MS },
      { ...base, id: '4', userId: user(2), modelId: 'm1', streamId: streamId(4) },
      { ...base, id: '5', atMs: T0 - 1 },
    ];
    for (const record of [...records, ...records]) {
      expect(await ledger().recordUsage(record)).to.deep.equal(record);
    }
    expect(await ledger().recordUsage({ ...base, id: '5', tokens: 99 })).to.deep.equal(records[4]);
    expect((await ledger().usage({ limit: 9 })).map((record) => record.id)).to.deep.equal([
      '3',
      '4',
      '2',
      '1',
      '5',
    ]);
    expect((await ledger().usage({ userId: user(2), limit: 9 }))[0]).to.deep.equal(records[3]);
    const group = (key: string, times: number) => ({
      key,
      records: times,
      tokens: 10 * times,
      chargeMicros: credits(times),
    });
    expect(await ledger().usageTotals({ sinceMs: T0 })).to.deep.equal({
      records: 4,
      tokens: 40,
      chargeMicros: credits(4),
      byService: [group('a', 3), group('b', 1)],
      byDay: [group('2026-01-31', 3), group('2026-02-01', 1)],
      byModel: [group('m1', 2), group('m2', 1)],
    });
    expect(await ledger().usageTotals({ userId: user(2), sinceMs: T0 + 1 })).to.deep.equal({
      records: 0,
      tokens: 0,
      chargeMicros: 0,
      byService: [],
      byDay: [],
      byModel: [],
    });
  });

  it('pages the journal by a cursor that misses and repeats nothing', async () => {
    await ledger().grant(user(1), aGrant(), act());
    await ledger().reserve(user(1), aRequest(), T0);
    await ledger().settle(streamId(1), 100, true, T0);
    const first = await ledger().journal({ afterCursor: 0, limit: 2 });
    const rest = await ledger().journal({ afterCursor: first.at(-1)?.cursor ?? 0, limit: 2 });
    expect([...first, ...rest].map((row) => row.entry.id)).to.deep.equal([
      'grant-1:grant',
      `${streamId(1)}:reserve`,
      `${streamId(1)}:settle`,
    ]);
    expect(await ledger().journal({ afterCursor: rest.at(-1)?.cursor ?? 0, limit: 2 })).to.deep.equal([]);
  });
}
