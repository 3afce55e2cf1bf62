import { expect } from 'chai';
import fc from 'fast-check';
import { InvariantViolation } from '../../../src/domain/invariant.ts';
import { type Rate, TokenBucket } from '../../../src/domain/multiplexing/token-bucket.ts';
import { T0 } from '../../support/ledger-builders.ts';

/** 1,000 a minute, 100 at once. */
const FRAMES: Rate = { tokens: 1_000, perMs: 60_000, burst: 100 };
const rate = fc.record({
  tokens: fc.integer({ min: 1, max: 30_000 }),
  perMs: fc.constantFrom(1, 7, 1_000, 60_000, 3_600_000),
  burst: fc.integer({ min: 1, max: 5_000 }),
});
/** Waits, backwards too, and takes of 1 to 5. */
const steps = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.nat(100), fc.integer({ min: -500, max: 100_000 })),
    count: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 60 },
);

describe('a token bucket', () => {
  it('admits its burst at once, then one frame each 60 ms at 1,000 a minute', () => {
    const bucket = new TokenBucket(FRAMES, T0);
    for (let frame = 1; frame <= 100; frame += 1) expect(bucket.take(T0), `frame ${frame}`).to.equal(0);
    expect(bucket.take(T0)).to.equal(60);
    expect(bucket.take(T0 + 59)).to.equal(1);
    expect(bucket.take(T0 + 60)).to.equal(0);
    expect(bucket.take(T0 + 60)).to.equal(60);
  });

  it('admits exactly the rate over a long time, whatever its remainder by the millisecond', () => {
    fc.assert(
      fc.property(rate, (of) => {
        const bucket = new TokenBucket({ ...of, burst: 1 }, 0);
        let admitted = 0;
        for (let nowMs = 0; admitted < 500; admitted += 1) {
          while (bucket.take(nowMs) > 0) nowMs += bucket.take(nowMs);
          // Of one token at a time, the n-th comes when n intervals have passed, but for what a full bucket let go by.
          expect(nowMs).to.be.at.least(Math.floor((admitted * of.perMs) / of.tokens));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('says exactly when to come again: then it is admitted, and a millisecond before it is not', () => {
    fc.assert(
      fc.property(rate, steps, (of, walk) => {
        const [bucket, twin] = [new TokenBucket(of, T0), new TokenBucket(of, T0)];
        let nowMs = T0;
        let latestMs = T0;
        for (const { waitMs, count: wanted } of walk) {
          nowMs += waitMs;
          latestMs = Math.max(latestMs, nowMs);
          const count = Math.min(wanted, of.burst);
          const retryAfterMs = bucket.take(nowMs, count);
          expect(twin.take(nowMs, count)).to.equal(retryAfterMs);
          if (retryAfterMs === 0) continue;
          expect(bucket.take(latestMs + retryAfterMs - 1, count)).to.equal(1);
          nowMs = latestMs + retryAfterMs;
          latestMs = nowMs;
          expect(bucket.take(nowMs, count)).to.equal(0);
          expect(twin.take(nowMs, count)).to.equal(0);
        }
      }),
    );
  });

  it('counts as a model in whole numbers of any size does', () => {
    fc.assert(
      fc.property(rate, steps, (of, walk) => {
        const bucket = new TokenBucket(of, T0);
        const capacity = BigInt(of.burst) * BigInt(of.perMs);
        let [shares, nowMs, latestMs] = [capacity, T0, T0];
        for (const { waitMs, count: wanted } of walk) {
          nowMs += waitMs;
          const filled = shares + BigInt(Math.max(0, nowMs - latestMs)) * BigInt(of.tokens);
          shares = filled > capacity ? capacity : filled;
          latestMs = Math.max(latestMs, nowMs);
          const count = Math.min(wanted, of.burst);
          const cost = BigInt(count) * BigInt(of.perMs);
          expect(bucket.take(nowMs, count) === 0).to.equal(cost <= shares);
          if (cost <= shares) shares -= cost;
          expect(bucket.isFullAt(nowMs)).to.equal(shares === capacity);
        }
      }),
    );
  });

  it('is full again after a silence of any length', () => {
    const bucket = new TokenBucket(FRAMES, 0);
    bucket.take(0, 100);
    expect(bucket.isFullAt(5_999)).to.equal(false);
    expect(bucket.isFullAt(6_000)).to.equal(true);
    bucket.take(6_000, 100);
    expect(bucket.isFullAt(Number.MAX_SAFE_INTEGER)).to.equal(true);
  });

  it('is not made of what cannot be counted, and never holds more than its burst', () => {
    for (const bad of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const member of ['tokens', 'perMs', 'burst'] as const) {
        expect(() => new TokenBucket({ ...FRAMES, [member]: bad }, T0), `${member} ${bad}`).to.throw(
          InvariantViolation,
        );
      }
    }
    expect(() => new TokenBucket({ tokens: 1, perMs: 2 ** 40, burst: 2 ** 20 }, T0)).to.throw(
      InvariantViolation,
    );
    expect(() => new TokenBucket(FRAMES, T0).take(T0, 101)).to.throw(InvariantViolation);
    expect(() => new TokenBucket(FRAMES, T0).take(T0, 0)).to.throw(InvariantViolation);
  });
});
