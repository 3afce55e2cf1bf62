import { expect } from 'chai';
import { Buckets, MAX_BUCKETS } from '../../../../src/adapters/inbound/ws/mux/open-rates.ts';

/** Two at once, and one more a minute. */
const RATE = { tokens: 1, perMs: 60_000, burst: 2 };

/** How often a key may draw at a time. */
const drawsOf = (buckets: Buckets<string>, key: string, nowMs: number): number => {
  let draws = 0;
  while (buckets.of(key, nowMs).take(nowMs) === 0) draws += 1;
  return draws;
};

describe('buckets by what they belong to', () => {
  it('are the same however many others are asked for, until they are full again', () => {
    const buckets = new Buckets<string>(RATE);
    expect(drawsOf(buckets, 'mine', 0)).to.equal(2);
    for (let other = 0; other < 1_000; other += 1) buckets.of(`other ${other}`, other).take(other);
    expect(drawsOf(buckets, 'mine', 59_999)).to.equal(0);
    expect(drawsOf(buckets, 'mine', 60_000)).to.equal(1);
    expect(drawsOf(buckets, 'mine', 240_000)).to.equal(2);
  });

  it('are so many at most: that which was asked for longest ago is forgotten', function () {
    this.timeout(20_000);
    const buckets = new Buckets<string>(RATE);
    for (const key of ['first', 'kept']) expect(drawsOf(buckets, key, 0)).to.equal(2);
    for (let other = 0; other < MAX_BUCKETS - 2; other += 1) buckets.of(`other ${other}`, 0).take(0);
    expect(drawsOf(buckets, 'kept', 0)).to.equal(0);
    buckets.of('one too many', 0).take(0);
    expect(drawsOf(buckets, 'first', 0)).to.equal(2);
    expect(drawsOf(buckets, 'kept', 0)).to.equal(0);
    for (let other = 0; other < 2 * MAX_BUCKETS; other += 1) buckets.of(`another ${other}`, 0).take(0);
    expect(drawsOf(buckets, 'kept', 0)).to.equal(2);
  });
});
