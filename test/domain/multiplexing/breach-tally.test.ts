import { expect } from 'chai';
import type { AuditActor } from '../../../src/domain/audit/audit-record.ts';
import { BreachTally, MAX_TALLIED, TALLY_MS } from '../../../src/domain/multiplexing/breach-tally.ts';
import { user } from '../../support/ledger-builders.ts';

const ANNA = user(1) as AuditActor;
const BOB = user(2) as AuditActor;

describe('the tally of breaches', () => {
  it('tells of the first at once, and of the others when their minute is over', () => {
    const tally = new BreachTally();
    expect(tally.isFirst(ANNA, 'rate.limited', 5)).to.equal(true);
    for (let count = 0; count < 1_000; count += 1) {
      expect(tally.isFirst(ANNA, 'rate.limited', 5)).to.equal(false);
    }
    expect(tally.isFirst(ANNA, 'message.too_large', 6)).to.equal(false);
    expect(tally.due(4 + TALLY_MS)).to.deep.equal([]);
    expect(tally.due(5 + TALLY_MS)).to.deep.equal([
      { actor: ANNA, sinceMs: 5, count: 1_001, codes: 'rate.limited 1000, message.too_large 1' },
    ]);
    expect(tally.due(5 + TALLY_MS)).to.deep.equal([]);
  });

  it('says nothing more of who did it once, and tells each by himself', () => {
    const tally = new BreachTally();
    tally.isFirst(ANNA, 'rate.limited', 0);
    expect(tally.isFirst(BOB, 'rate.limited', 1)).to.equal(true);
    tally.isFirst(BOB, 'rate.limited', 2);
    expect(tally.due(3, true).map(({ actor, count }) => [actor, count])).to.deep.equal([[BOB, 1]]);
  });

  it('begins anew with the next minute, and keeps what nobody has asked for', () => {
    const tally = new BreachTally();
    tally.isFirst(ANNA, 'rate.limited', 0);
    tally.isFirst(ANNA, 'rate.limited', 1);
    expect(tally.isFirst(ANNA, 'rate.limited', TALLY_MS)).to.equal(true);
    expect(tally.due(TALLY_MS).map(({ sinceMs, count }) => [sinceMs, count])).to.deep.equal([[0, 1]]);
  });

  it('is bounded, however many there are', () => {
    const tally = new BreachTally();
    tally.isFirst(ANNA, 'rate.limited', 0);
    tally.isFirst(ANNA, 'rate.limited', 0);
    for (let number = 2; number <= MAX_TALLIED + 1; number += 1) {
      tally.isFirst(user(number) as AuditActor, 'rate.limited', 1);
    }
    expect(
      tally.due(1).map(({ actor }) => actor),
      'whoever was first is told early',
    ).to.deep.equal([ANNA]);
    expect(tally.isFirst(ANNA, 'rate.limited', 2)).to.equal(true);
  });
});
