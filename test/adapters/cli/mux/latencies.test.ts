import { expect } from 'chai';
import { Latencies } from '../../../../src/adapters/inbound/cli/mux/latencies.ts';

const of = (...times: number[]): Latencies => {
  const latencies = new Latencies();
  for (const ms of times) latencies.add(ms);
  return latencies;
};

describe('the times of answers', () => {
  it('are told within 5 percent, from hundredths of a millisecond to minutes', () => {
    for (const ms of [0.011, 0.3, 7, 250, 60_000]) {
      expect(of(ms).quantile(0.5)).to.be.within(ms, ms * 1.05);
    }
  });

  it('are divided at the share that is asked for', () => {
    const hundred = of(...Array.from({ length: 99 }, () => 1), 100);
    expect(hundred.quantile(0.5)).to.be.within(1, 1.05);
    expect(hundred.quantile(0.99)).to.be.within(1, 1.05);
    expect(hundred.quantile(1)).to.be.within(100, 105);
  });

  it('are none where nothing was counted', () => {
    expect(of().quantile(0.5)).to.equal(null);
  });

  it('are counted together', () => {
    const all = new Latencies().merge([of(1, 1), of(50)]);
    expect([all.count, all.quantile(0.5), all.quantile(1)]).to.satisfy(
      ([count, half, most]: number[]) => count === 3 && Number(half) < 1.06 && Number(most) >= 50,
    );
  });
});
