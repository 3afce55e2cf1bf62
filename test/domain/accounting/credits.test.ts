import { expect } from 'chai';
import fc from 'fast-check';
import {
  chargeFor,
  creditsToMicros,
  MAX_OPERATION_MICROS,
  micros,
  microsToCredits,
  tokensPaidBy,
} from '../../../src/domain/accounting/credits.ts';
import { InvariantViolation } from '../../../src/domain/invariant.ts';
import { expectThrown } from '../../support/refusals.ts';

describe('credits', () => {
  it('reads decimal numbers with at most six places exactly', () => {
    const cases: ReadonlyArray<readonly [number, number]> = [
      [0, 0],
      [1, 1_000_000],
      [0.000001, 1],
      [1e-6, 1],
      [0.1, 100_000],
      [0.3, 300_000],
      [1.005, 1_005_000],
      [4.35, 4_350_000],
      [999_999_999.999999, 999_999_999_999_999],
      [1_000_000_000, MAX_OPERATION_MICROS],
    ];
    for (const [amount, expected] of cases) expect(creditsToMicros(amount)).to.equal(expected);
  });

  it('refuses more than six places, negative and unbounded numbers, and what is no number', () => {
    const refused = [
      -1,
      -0.000001,
      0.0000001,
      1e-7,
      1.0000001,
      0.1 + 0.2,
      1_000_000_000.000001,
      1_000_000_001,
      1e21,
      1e308,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ];
    for (const amount of refused) expectThrown(() => creditsToMicros(amount), 'credit.out_of_range');
  });

  it('reads minus zero as zero', () => {
    expect(Object.is(creditsToMicros(-0), 0)).to.equal(true);
  });

  it('gives every amount back as it was shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_OPERATION_MICROS }), (amount) => {
        expect(creditsToMicros(microsToCredits(amount))).to.equal(amount);
      }),
    );
  });

  it('takes only safe integers of at least zero as micro-credits', () => {
    for (const amount of [-1, 0.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1]) {
      expect(() => micros(amount)).to.throw(InvariantViolation);
    }
    expect(micros(Number.MAX_SAFE_INTEGER)).to.equal(Number.MAX_SAFE_INTEGER);
  });

  it('rounds a charge up to the micro-credit', () => {
    const cases: ReadonlyArray<readonly [number, number, number]> = [
      [0, 1_000_000, 0],
      [1, 1, 1],
      [1_000, 1, 1],
      [1_001, 1, 2],
      [999, 1_000, 999],
      [1, 999, 1],
      [3, 1_500, 5],
      [7, 0, 0],
    ];
    for (const [tokens, price, charge] of cases) expect(chargeFor(tokens, micros(price))).to.equal(charge);
  });

  it('refuses to charge for what is no number of tokens', () => {
    for (const tokens of [-1, 1.5, Number.NaN, 2 ** 53]) {
      expect(() => chargeFor(tokens, micros(1))).to.throw(InvariantViolation);
    }
  });

  it('charges for the tokens that an amount pays for no more than the amount, and for one more it does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), fc.integer({ min: 1, max: 1e9 }), (amount, price) => {
        const tokens = tokensPaidBy(micros(amount), micros(price));
        expect(chargeFor(tokens, micros(price))).to.be.at.most(amount);
        expect(chargeFor(tokens + 1, micros(price))).to.be.above(amount);
      }),
    );
  });

  it('pays for any number of tokens that cost nothing', () => {
    expect(tokensPaidBy(micros(0), micros(0))).to.equal(Number.MAX_SAFE_INTEGER);
  });
});
