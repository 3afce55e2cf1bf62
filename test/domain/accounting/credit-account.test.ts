import { expect } from 'chai';
import { adjustCredit } from '../../../src/domain/accounting/adjust-credit.ts';
import { applyEntry, CreditAccount } from '../../../src/domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../../src/domain/accounting/credit-grant.ts';
import { MAX_ACCOUNT_MICROS, micros } from '../../../src/domain/accounting/credits.ts';
import { InvariantViolation } from '../../../src/domain/invariant.ts';
import { act, aGrant, aRequest, credits, DAY_MS, streamId, T0, user } from '../../support/ledger-builders.ts';
import { expectThrown } from '../../support/refusals.ts';

const accountWith = (...grants: readonly CreditGrant[]): CreditAccount =>
  grants.reduce((account, grant) => account.grant(grant, act()).account, CreditAccount.empty(user(1)));
const remainingOf = (account: CreditAccount): Record<string, number> =>
  Object.fromEntries(account.snapshot().grants.map((grant) => [grant.id, grant.remainingMicros]));
const reserve = (account: CreditAccount, nowMs = T0) =>
  account.reserve({ ...aRequest(), scaledTokens: 100 }, nowMs);

const soon = aGrant({ id: 'soon', amountMicros: credits(0.5), expiresAtMs: T0 + DAY_MS });
const later = aGrant({ id: 'later', amountMicros: credits(2), expiresAtMs: T0 + 9 * DAY_MS });

describe('CreditAccount', () => {
  it('gives its state back as it was taken', () => {
    const state = accountWith(soon, later).snapshot();
    expect(CreditAccount.restore(state).snapshot()).to.deep.equal(state);
  });

  it('spends the earliest expiry first, then the older grant, then the smaller id', () => {
    const half = { amountMicros: credits(0.5), expiresAtMs: T0 + DAY_MS };
    const grants = [
      aGrant({ ...half, id: 'd', expiresAtMs: T0 + 2 * DAY_MS }),
      aGrant({ ...half, id: 'c', grantedAtMs: T0 }),
      aGrant({ ...half, id: 'b', grantedAtMs: T0 }),
      aGrant({ ...half, id: 'a', grantedAtMs: T0 + 1 }),
    ];
    const { account } = accountWith(...grants).deduct(credits(1.2), 'x', act());
    expect(remainingOf(account)).to.deep.equal({ d: credits(0.5), c: 0, b: 0, a: credits(0.3) });
  });

  it('holds parts of several grants and says which', () => {
    const { reservation, account, entries } = reserve(accountWith(later, soon));
    expect(reservation.snapshot().parts).to.deep.equal([
      { grantId: 'soon', micros: credits(0.5) },
      { grantId: 'later', micros: credits(0.5) },
    ]);
    expect(account.snapshot()).to.deep.include({ availableMicros: credits(1.5), heldMicros: credits(1) });
    expect(entries.map((entry) => entry.id)).to.deep.equal([`${streamId(1)}:reserve`]);
  });

  it('charges the parts of a hold in their order and refunds the rest to where it came from', () => {
    const { reservation, account } = reserve(accountWith(later, soon));
    const closed = reservation.settle(300, T0).reservation.snapshot();
    const after = account.close(closed, T0);
    expect(remainingOf(after.account)).to.deep.equal({ later: credits(2), soon: credits(0.2) });
    expect(after.account.snapshot()).to.deep.include({ heldMicros: 0, chargedMicros: credits(0.3) });
  });

  it('loses the refund to a grant that has expired meanwhile, and says so', () => {
    const { reservation, account } = reserve(accountWith(later, soon));
    const nowMs = T0 + DAY_MS;
    const closed = reservation.settle(300, nowMs).reservation.snapshot();
    const { account: after, entries } = account.close(closed, nowMs);
    expect(after.snapshot()).to.deep.include({
      availableMicros: credits(2),
      expiredMicros: credits(0.2),
      chargedMicros: credits(0.3),
    });
    expect(entries.at(-1)?.account).to.deep.include({ expired: credits(0.2), available: credits(0.5) });
  });

  it('loses the refund to a grant that has lapsed once, even when the clock is behind', () => {
    const small = aGrant({ id: 'small', amountMicros: credits(1.5), expiresAtMs: T0 + 100 });
    const { reservation, account } = reserve(accountWith(small));
    const lapsed = account.lapse(T0 + 100).account;
    const closed = reservation.settle(0, T0 + 99).reservation.snapshot();
    const after = lapsed.close(closed, T0 + 99).account;
    expect(after.snapshot()).to.deep.include({ availableMicros: 0, expiredMicros: credits(1.5) });
    expect(after.lapse(T0 + 100).entries).to.deep.equal([]);
  });

  it('loses the refund to a grant that is not kept any more', () => {
    const { reservation, account } = reserve(accountWith(soon, later));
    const state = account.snapshot();
    const without = { ...state, grants: state.grants.filter((grant) => grant.id !== 'soon') };
    const closed = reservation.settle(0, T0).reservation.snapshot();
    const after = CreditAccount.restore(without).close(closed, T0).account;
    expect(after.snapshot()).to.deep.include({ expiredMicros: credits(0.5), availableMicros: credits(2) });
  });

  it('lapses what is left of a grant at its expiry, once', () => {
    const account = accountWith(soon, later);
    expect(account.lapse(T0 + DAY_MS - 1).entries).to.deep.equal([]);
    const { account: after, entries } = account.lapse(T0 + DAY_MS);
    expect(entries.map((entry) => entry.id)).to.deep.equal(['soon:lapse']);
    expect(after.snapshot()).to.deep.include({
      availableMicros: credits(2),
      expiredMicros: credits(0.5),
    });
    expect(after.lapse(T0 + DAY_MS).entries).to.deep.equal([]);
    expect(account.availableAt(T0 + DAY_MS)).to.equal(credits(2));
  });

  it('lapses first in every operation', () => {
    const nowMs = T0 + DAY_MS;
    const account = accountWith(soon);
    expectThrown(() => account.deduct(credits(0.5), 'x', act(nowMs)), 'credit.insufficient');
    expectThrown(() => reserve(account, nowMs), 'credit.insufficient');
    expect(account.remove(credits(1), 'x', act(nowMs)).removedMicros).to.equal(0);
    expect(account.grant(later, act(nowMs)).entries.map((entry) => entry.kind)).to.deep.equal([
      'lapse',
      'grant',
    ]);
  });

  it('refuses a grant beyond what an account may ever be granted, and takes one up to it', () => {
    const account = accountWith(aGrant({ amountMicros: micros(MAX_ACCOUNT_MICROS - 1) }));
    const two = aGrant({ id: 'two', amountMicros: micros(2) });
    expectThrown(() => account.grant(two, act()), 'credit.out_of_range');
    const one = aGrant({ id: 'one', amountMicros: micros(1) });
    expect(account.grant(one, act()).account.snapshot().grantedMicros).to.equal(MAX_ACCOUNT_MICROS);
  });

  it('removes at most what is available and tells how much', () => {
    const { account } = reserve(accountWith(soon, later));
    const removal = account.remove(credits(9), 'x', act());
    expect(removal.removedMicros).to.equal(credits(1.5));
    expect(removal.account.snapshot()).to.deep.include({
      availableMicros: 0,
      heldMicros: credits(1),
      adjustedMicros: -credits(1.5),
    });
  });

  it('adjusts up, down and not at all with one entry of the same id each', () => {
    for (const to of [credits(3), credits(1), credits(2.5)]) {
      const change = { id: 'c', target: { to }, expiresAtMs: T0 + DAY_MS };
      const { account, entries, previousMicros } = adjustCredit(accountWith(soon, later), change, act());
      expect(previousMicros).to.equal(credits(2.5));
      expect(account.snapshot().availableMicros).to.equal(to);
      expect(entries.map((entry) => entry.id)).to.deep.equal(['c:adjust']);
    }
  });

  it('posts only a reservation that has an outcome', () => {
    const { reservation, account } = reserve(accountWith(later));
    expect(() => account.close(reservation.snapshot(), T0)).to.throw(InvariantViolation);
  });

  it('never replays an entry into a sum below zero', () => {
    const state = CreditAccount.empty(user(1)).snapshot();
    const entry = { id: 'x', atMs: T0, userId: user(1), kind: 'deduct' as const, grants: [] };
    expect(() => applyEntry(state, { ...entry, account: { available: -1 } })).to.throw(InvariantViolation);
  });
});
